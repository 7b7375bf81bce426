#!/bin/sh
# Runs a command that must not outlive whoever started it, and that nobody must not know of.
#
# stdin  a pipe from the one that starts it. The first line: the number of this process is written down, begin.
#        A second line: the command has ended. Its end without one: whoever started this is dead, and the command is
#        asked to come to an end (never killed: what it is in the middle of has to be written down). What it started and
#        left, as Terraform does with a provider that was just being started, goes when it has ended.
read -r _ || exit 0
exec 4<&0 </dev/null
me=$$
(
  read -r _ <&4 && exit
  kill -s INT "$me"
  while kill -s 0 "$me"; do sleep 1; done
  # The group is ours alone, this shell included; while that lives, no other can have its number.
  kill -s KILL -- "-$me"
) >/dev/null 2>&1 &
exec "$@" 4<&-
