import { readAddress, readWebAddress } from '../../infra/import-address.ts';

test.each([
  ['gs://churn-data/2026/customers.csv', 'https://storage.googleapis.com/churn-data/2026/customers.csv'],
  ['s3://churn-data/2026/customers.csv', 'https://churn-data.s3.amazonaws.com/2026/customers.csv'],
  ['S3://churn.data/customers.csv', 'https://s3.amazonaws.com/churn.data/customers.csv'],
  // The key of an object is what stands there, and no part of an address.
  ['gs://churn-data/a b#1/50 %?.csv', 'https://storage.googleapis.com/churn-data/a%20b%231/50%20%25%3F.csv'],
  ['s3://churn-data//Zürich.csv', 'https://churn-data.s3.amazonaws.com//Z%C3%BCrich.csv'],
  ['https://example.org/a.csv?x=1', 'https://example.org/a.csv?x=1'],
])('%s is asked for at %s', (given, address) => {
  expect(readAddress(given).href).toBe(address);
});

test.each([
  ['gs://churn-data', /has to name a file/],
  ['gs://churn-data/', /has to name a file/],
  ['gs://churn-data/../other/secret.csv', /has to name a file/],
  ['s3:///customers.csv', /is no name of a bucket/],
  ['s3://me:secret@churn-data/customers.csv', /is no name of a bucket/],
  ['s3://169.254.169.254:80/latest', /is no name of a bucket/],
  ['gs://x/y', /is no name of a bucket/],
  ['file:///etc/passwd', /begin with/],
  ['https://me:secret@example.org/', /a name and a password/],
])('%s is refused', (given, why) => {
  expect(() => readAddress(given)).toThrow(why);
});

test('a server does not lead on to a bucket', () => {
  expect(() => readWebAddress('gs://churn-data/customers.csv')).toThrow(/begin with/);
});
