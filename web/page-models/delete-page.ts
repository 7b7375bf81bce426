import type { Removal } from '../services/services.ts';

/** Names what goes and what stays, before anything goes. */
export interface DeletePage {
  kindWord: string;
  name: string;
  href: string;
  goes: string[];
  stays: string[];
  refusal: string | null;
  choice: { name: string; word: string; hint: string; isChosen: boolean } | null;
}

export function deletePage(input: {
  kindWord: string;
  name: string;
  href: string;
  removal: Removal;
  choice?: NonNullable<DeletePage['choice']>;
}): DeletePage {
  const { kindWord, name, href, removal, choice = null } = input;
  return { kindWord, name, href, ...removal, choice };
}
