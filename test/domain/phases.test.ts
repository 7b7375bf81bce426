import { mayFollow, type Phase, phases, phasesBefore, phaseWords } from '../../domain/phases.ts';

const moves = phases.flatMap((from) => phases.filter((to) => mayFollow(from, to)).map((to) => `${from} → ${to}`));
const forward: Phase[] = ['queued', 'preparing', 'provisioning', 'training', 'collecting', 'releasing', 'done'];

test('a job that goes well goes through every phase, in the order of the track', () => {
  expect(phases).toEqual(forward);
  for (const [index, to] of forward.slice(1).entries()) expect(moves).toContain(`${forward[index]} → ${to}`);
});

test('the only way back is to another machine', () => {
  const back = moves.filter((move) => {
    const [from, to] = move.split(' → ') as [Phase, Phase];
    return phases.indexOf(to) < phases.indexOf(from);
  });
  expect(back).toEqual(['training → provisioning']);
});

test('a done job cannot be reopened', () => {
  for (const to of phases) expect(mayFollow('done', to)).toBe(to === 'done');
  for (const to of phases.filter((phase) => phase !== 'done')) expect(phasesBefore(to)).not.toContain('done');
});

test('releasing can be entered from every phase but done', () => {
  expect(phasesBefore('releasing')).toEqual(phases.filter((phase) => phase !== 'done'));
});

test('done is entered from releasing, or from the queue where nothing was made', () => {
  expect(phasesBefore('done')).toEqual(['queued', 'releasing', 'done']);
});

test.each(phases)('entering %s twice is the same as once', (phase) => {
  expect(mayFollow(phase, phase)).toBe(true);
  expect(phasesBefore(phase)).toContain(phase);
});

test('phasesBefore and mayFollow say the same', () => {
  for (const to of phases) expect(phasesBefore(to)).toEqual(phases.filter((from) => mayFollow(from, to)));
});

test('every phase has its word on the page', () => {
  expect(Object.keys(phaseWords)).toEqual([...phases]);
  expect(phaseWords.training).toEqual({ job: 'Training', prediction: 'Predicting' });
});
