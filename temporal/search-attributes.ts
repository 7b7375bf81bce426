import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What the Temporal UI can filter by. The server must know them: see tools (`--search-attribute`). */
export const phaseAttribute = defineSearchAttributeKey('TrainyardPhase', SearchAttributeType.KEYWORD);
export const ownerAttribute = defineSearchAttributeKey('TrainyardOwner', SearchAttributeType.KEYWORD);
export const engineAttribute = defineSearchAttributeKey('TrainyardEngine', SearchAttributeType.KEYWORD);
export const nameAttribute = defineSearchAttributeKey('TrainyardName', SearchAttributeType.TEXT);
