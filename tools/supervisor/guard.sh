#!/bin/sh
# Runs one child of the supervisor and never outlives its purpose: when the supervisor is gone, however it went, the
# child is ended, and when the child is gone, whatever it started is. In sh, because one runs beside every child.
#
#   guard.sh SECONDS COMMAND…      leads a process group of its own; the child and what it starts are in it
#
# stdin  a pipe from the supervisor. A line names a signal for the child; its end says that the supervisor is dead
# fd 3   to the supervisor: "child NUMBER" when it has been started, "exit CODE" when it has ended
seconds=$1
shift

exec 4<&0 </dev/null
"$@" 3>&- 4<&- &
child=$!
# Not before the child is there: it would inherit what is ignored.
trap '' HUP INT PIPE TERM
echo "child $child" >&3

(
  exec 3>&-
  while read -r signal; do kill -s "$signal" "$child" 2>/dev/null; done
  kill -s TERM "$child" 2>/dev/null
  tries=$((seconds * 5))
  while [ "$tries" -gt 0 ] && kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    tries=$((tries - 1))
  done
  kill -s KILL 0
) <&4 >/dev/null 2>&1 &
exec 4<&-

wait "$child"
echo "exit $?" >&3
# The whole group, this shell included: nothing that the child started stays.
kill -s KILL 0
