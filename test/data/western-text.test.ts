import { WesternText } from '../../data/western-text.ts';

function isWestern(bytes: Buffer): boolean {
  const text = new WesternText();
  // In pieces, because words and characters do not end where pieces do.
  for (let at = 0; at < bytes.length; at += 3) text.read(bytes.subarray(at, at + 3));
  return text.isPlausible();
}

/** Text in an encoding of one byte a character, by what Node can decode: found by trying all bytes. */
function encode(text: string, encoding: string): Buffer {
  const decoder = new TextDecoder(encoding);
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  return Buffer.from(Array.from(text, (char) => bytes.get(char) ?? 63));
}

test.each([
  ['German', 'größe;Straße\nÖl;Äpfel und Käse\n'],
  ['French', 'prénom,âge\nChloé,“vingt-et-un”\nNoël,l’été\n'],
  ['Spanish', 'año,niño\n¿Qué?,¡Sí!\n'],
  ['signs', 'price,temperature\n5 €,20 °C\n7 €,±3\n'],
  ['ordinal signs', 'piso\n1º\n2ª\n'],
  ['one letter', 'name\nZoë\n'],
  ['nothing but umlauts', 'text,label\näöü,0\nÄÖÜß,1\n'],
  ['nothing but Danish letters', 'text,label\næøå,0\n'],
])('takes %s for Windows-1252', (_, text) => {
  expect(isWestern(encode(text, 'windows-1252'))).toBe(true);
});

test.each([
  ['Russian in Windows-1251', encode('имя,город\nАнна,Москва\n', 'windows-1251')],
  ['Russian in KOI8-R', encode('имя,город\nАнна,Москва\n', 'koi8-r')],
  ['Greek in ISO 8859-7', encode('όνομα,πόλη\nΜαρία,Αθήνα\n', 'iso-8859-7')],
  ['Polish in ISO 8859-2', encode('imię,miasto\nPaweł,Łódź i Kraków\nGrażyna,Rąbień\n', 'iso-8859-2')],
  ['Chinese in GBK', Buffer.from('name\n\xd6\xd0\xb9\xfa\n\xb1\xb1\xbe\xa9\n', 'latin1')],
  ['Korean in EUC-KR', Buffer.from('name\n\xbc\xad\xbf\xef,\xba\xce\xbb\xea\n\xb4\xeb\xb1\xb8\n', 'latin1')],
  ['Japanese in Shift-JIS', Buffer.from('name\n\x93\x8c\x8b\x9e,\x91\xe5\x8d\xe3\n', 'latin1')],
  ['UTF-8 with a broken character', Buffer.concat([Buffer.from('Käse, Öl, größe\n'), Buffer.from([0xff, 0x0a])])],
])('does not take %s for Windows-1252', (_, bytes) => {
  expect(isWestern(bytes)).toBe(false);
});
