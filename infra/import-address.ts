import { TrainyardError } from '../domain/failures.ts';

/** What may be fetched at all, before anything is resolved; an object of a bucket by the address that everybody may ask. */
export function readAddress(text: string): URL {
  const inBucket = /^(gs|s3):\/\/([^/]*)\/?(.*)$/is.exec(text);
  if (inBucket) {
    const [, scheme = '', bucket = '', key = ''] = inBucket;
    return bucketAddress(scheme.toLowerCase() as 'gs' | 's3', bucket, key);
  }
  return readWebAddress(text);
}

/** The same for where a server leads on to: it has no business with buckets. */
export function readWebAddress(text: string): URL {
  if (!URL.canParse(text)) throw new TrainyardError('BadSpec', `“${text.slice(0, 200)}” is no address.`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TrainyardError(
      'BadSpec',
      'Only addresses that begin with https://, http://, gs:// or s3:// can be fetched.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new TrainyardError('BadSpec', 'An address with a name and a password in it is not fetched.');
  }
  return url;
}

export function isBucketAddress(text: string): boolean {
  return /^(gs|s3):\/\//i.test(text);
}

/** As the clouds answer without credentials: none of ours are sent along. */
function bucketAddress(scheme: 'gs' | 's3', bucket: string, key: string): URL {
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw new TrainyardError('BadSpec', `“${bucket.slice(0, 200)}” is no name of a bucket.`);
  }
  const parts = key.split('/');
  if (key === '' || parts.some((part) => part === '.' || part === '..')) {
    throw new TrainyardError('BadSpec', `The address has to name a file: ${scheme}://bucket/folder/file.csv.`);
  }
  const path = parts.map(encodeURIComponent).join('/');
  if (scheme === 'gs') return new URL(`https://storage.googleapis.com/${bucket}/${path}`);
  // A certificate for all buckets has none for names with a dot in them.
  return bucket.includes('.')
    ? new URL(`https://s3.amazonaws.com/${bucket}/${path}`)
    : new URL(`https://${bucket}.s3.amazonaws.com/${path}`);
}
