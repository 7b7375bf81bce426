import { masked, progressIn } from '../../../infra/gcp/terraform/progress.ts';

const line = (content: object) => progressIn(JSON.stringify({ '@level': 'info', ...content }));
const resource = {
  resource_type: 'google_compute_instance',
  resource_name: 'machine',
  addr: 'google_compute_instance.machine',
};

describe('Terraform’s own words', () => {
  test('become sentences, resource by resource', () => {
    expect(line({ type: 'apply_start', hook: { resource, action: 'create' } })).toEqual({
      sentence: 'Making the machine …',
    });
    expect(line({ type: 'apply_progress', hook: { resource, action: 'create', elapsed_seconds: 10 } }).sentence).toBe(
      'Still at the machine, for 10 s.',
    );
    expect(line({ type: 'apply_complete', hook: { resource, action: 'delete', elapsed_seconds: 3 } }).sentence).toBe(
      'The machine is gone, after 3 s.',
    );
    expect(line({ type: 'apply_errored', hook: { resource, action: 'create', elapsed_seconds: 3 } }).sentence).toBe(
      'The machine: it failed after 3 s.',
    );
    const dead = { resource_type: 'google_pubsub_topic', resource_name: 'dead' };
    expect(line({ type: 'apply_start', hook: { resource: dead, action: 'create' } }).sentence).toContain(
      'dead letters',
    );
  });

  test('of plans, outputs and versions nobody needs to know', () => {
    for (const type of ['version', 'planned_change', 'change_summary', 'outputs', 'refresh_start']) {
      expect(line({ type, '@message': 'x' })).toEqual({});
    }
    expect(progressIn('')).toEqual({});
  });

  test('an error is told whole, a warning is not', () => {
    const diagnostic = { severity: 'error', summary: 'Error creating instance', detail: 'googleapi: Error 403' };
    expect(line({ type: 'diagnostic', diagnostic })).toEqual({
      error: 'Error creating instance: googleapi: Error 403',
      sentence: 'Terraform: Error creating instance: googleapi: Error 403',
    });
    expect(line({ type: 'diagnostic', diagnostic: { ...diagnostic, severity: 'warning' } })).toEqual({});
  });

  test('lines that are no JSON are passed on, masked', () => {
    expect(progressIn('Initializing: Bearer abc.def').sentence).toBe('Initializing: Bearer •••');
  });

  test.each([
    ['Authorization: Bearer ya29.a0AfH6SMB-x_y', 'ya29'],
    ['{"access_token": "s3cr\\"et", "x": 1}', 's3cr'],
    ['client_secret=hunter2 more', 'hunter2'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEv\n-----END PRIVATE KEY-----', 'MIIEv'],
    ['"private_key": "-----BEGIN RSA PRIVATE KEY-----\\nMIIEv"', 'MIIEv'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln', 'eyJzdWIi'],
  ])('no secret of %j gets into a log', (text, secret) => {
    expect(masked(text)).not.toContain(secret);
    expect(masked(text)).toContain('•••');
  });

  test('what is no secret stays', () => {
    const text = 'google_compute_instance.machine: token bucket of project p1 at 12:00';
    expect(masked(text)).toBe(text);
  });
});
