const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes any text safe inside HTML, in elements and in quoted attributes. */
export const escapeText = (text: string) =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
