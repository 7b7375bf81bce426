import { attributeOf, XmlReader } from '../../data/xml-reader.ts';

function read(pieces: string[]): string[] {
  const told: string[] = [];
  const reader = new XmlReader({
    open: (name, attributes) => told.push(`<${name}${attributes}>`),
    close: (name) => told.push(`</${name}>`),
    text: (text) => told.push(text),
  });
  for (const piece of pieces) reader.read(Buffer.from(piece));
  reader.end();
  return told;
}

const text = `<?xml version="1.0"?><x:a b="1 > 0" c='"'><!-- <no> --><d/>text &lt;<![CDATA[<raw> ]] >]]></x:a>`;

test('is the same in whatever pieces it comes', () => {
  const whole = read([text]);
  expect(whole).toEqual([`<a b="1 > 0" c='"'>`, '<d>', '</d>', 'text <', '<raw> ]] >', '</a>']);
  for (let at = 1; at < text.length; at++) expect(read([text.slice(0, at), text.slice(at)])).toEqual(whole);
  expect(read(text.split(''))).toEqual(whole);
  expect(attributeOf(` b="1 > 0" c='"'`, 'c')).toBe('"');
});

test('looks through a value once, however many signs it has that could end its tag', () => {
  // Looked through anew for each of them, this takes minutes.
  const value = '>'.repeat(900_000);
  const before = performance.now();
  const pieces = `<a b="${value}"/>`.match(/.{1,9000}/g) as string[];
  expect(read(pieces)).toEqual([`<a b="${value}">`, '</a>']);
  expect(performance.now() - before).toBeLessThan(5000);
});

test('refuses a tag longer than any of a table', () => {
  expect(() => read([`<a b="${'x'.repeat(1 << 20)}`, 'y'])).toThrow('damaged');
});
