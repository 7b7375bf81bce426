/** Names that may be the wanted one written differently: case, blanks, signs, a slip or two. Nearest first. */
export function nearNames(wanted: string, names: readonly string[], most = 3): string[] {
  const allowed = Math.max(1, Math.min(3, Math.floor(wanted.length / 4)));
  return names
    .map((name) => ({
      name,
      distance: plain(name) === plain(wanted) ? 0 : distance(plain(name), plain(wanted), allowed),
    }))
    .filter((candidate) => candidate.distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map((candidate) => candidate.name);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]+/g, '');
}

/** Letters to change, add or take out; more than `most` is only said to be more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
