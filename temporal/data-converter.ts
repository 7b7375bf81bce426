import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';

/** History holds decisions, never data: what is larger than this belongs into the store or the database. */
export const payloadLimitBytes = 128 * 1024;

const keyIdHeader = 'trainyard-key';

/**
 * The place where payloads will be encrypted. Today the codec is the identity, but every payload already names the
 * key it was written with, so that a later key can be told from "none" without guessing.
 */
class IdentityCodec implements PayloadCodec {
  readonly #keyId = new TextEncoder().encode('none');

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const bytes = payload.data?.byteLength ?? 0;
      if (bytes > payloadLimitBytes) {
        throw new RangeError(
          `A payload of ${bytes} bytes is over the limit of ${payloadLimitBytes}: keep data out of history.`,
        );
      }
      return { ...payload, metadata: { ...payload.metadata, [keyIdHeader]: this.#keyId } };
    });
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads;
  }
}

/** The one factory: client, workers and replay must read and write histories in the same way. */
export function createDataConverter(): DataConverter {
  return { payloadCodecs: [new IdentityCodec()] };
}
