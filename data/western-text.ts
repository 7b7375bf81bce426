const LETTER = 1;
const HIGH_LETTER = 2;
const SYMBOL = 3;

/** What each byte is in Windows-1252: 0 is anything of ASCII that is not a letter. */
const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if ((byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)) classes[byte] = LETTER;
  else if (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7) classes[byte] = HIGH_LETTER;
  else if (byte >= 0x80) classes[byte] = SYMBOL;
}
for (const byte of [0x8a, 0x8c, 0x8e, 0x9a, 0x9c, 0x9e, 0x9f]) classes[byte] = HIGH_LETTER;

/** “äöü” or “æøå” alone: a word of these and nothing else says neither that the text is Western nor that it is not. */
const ownLetters = new Set(Buffer.from('ÄÖÜäöüßÅÆØåæøàèé', 'latin1'));

/** Bytes without a meaning in Windows-1252. */
const meaningless = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
/** Signs that hardly occur in tables, but begin most characters of Japanese text in Shift-JIS. */
const rare = new Set([0x82, 0x83, 0x84, 0x86, 0x87, 0x88, 0x89, 0x8b, 0x98, 0x9b]);

/**
 * Tells Windows-1252 from the many encodings that look alike, by what Western European text is: its letters beyond
 * ASCII stand in words with ASCII letters, where Cyrillic, Greek or Chinese words have none; signs do not stand inside
 * of words; and a letter followed by a sign is rather a piece of UTF-8, that is, a file of mixed encodings.
 */
export class WesternText {
  #high = 0;
  #meaningless = 0;
  #rare = 0;
  #piecesOfUtf8 = 0;
  #signsInWords = 0;
  #signsInRuns = 0;
  #ownWords = 0;
  #foreignWords = 0;
  #asciiInWord = 0;
  #highInWord = 0;
  #otherInWord = 0;
  #before = 0;
  #signAfterLetter = false;

  read(bytes: Buffer): void {
    for (const byte of bytes) {
      const kind = classes[byte];
      if (byte >= 0x80) this.#readHigh(byte);
      const letter = kind === LETTER || kind === HIGH_LETTER;
      if (letter && this.#signAfterLetter) this.#signsInWords++;
      // An apostrophe or a middle dot does stand inside of words.
      this.#signAfterLetter =
        kind === SYMBOL && byte >= 0xa1 && byte !== 0xb7 && this.#asciiInWord + this.#highInWord > 0;
      if (letter) {
        if (kind === LETTER) this.#asciiInWord++;
        else this.#highInWord++;
        if (kind === HIGH_LETTER && !ownLetters.has(byte)) this.#otherInWord++;
      } else {
        this.#endWord();
      }
      this.#before = byte;
    }
  }

  isPlausible(): boolean {
    this.#endWord();
    return (
      this.#meaningless === 0 &&
      this.#rare <= this.#high / 20 &&
      this.#piecesOfUtf8 <= this.#high / 10 &&
      this.#signsInWords <= this.#high / 10 &&
      // One may be a “¿É” of Spanish.
      (this.#signsInRuns < 2 || this.#signsInRuns <= this.#high / 5) &&
      this.#foreignWords <= this.#ownWords
    );
  }

  #readHigh(byte: number): void {
    this.#high++;
    const isSign = (code: number) => code >= 0xa1 && code < 0xc0;
    if (this.#before >= 0xa1 && (isSign(byte) || (isSign(this.#before) && byte >= 0xa1))) this.#signsInRuns++;
    if (meaningless.has(byte)) this.#meaningless++;
    if (rare.has(byte)) this.#rare++;
    if (byte < 0xc0 && this.#before >= 0xc2 && this.#before <= 0xdf) this.#piecesOfUtf8++;
  }

  #endWord(): void {
    if (this.#highInWord > 0 && this.#asciiInWord > 0) this.#ownWords++;
    else if (this.#highInWord > 1 && this.#otherInWord > 0) this.#foreignWords++;
    this.#otherInWord = 0;
    this.#asciiInWord = 0;
    this.#highInWord = 0;
  }
}
