const charactersMax = 400;

/**
 * Untrusted text as plain Markdown text on one line: HTML and Markdown marks lose their meaning, mentions do not ring,
 * control and direction-changing characters vanish, and what is longer than 400 characters is cut.
 */
export function escapeMarkdown(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  const characters = [...line];
  const cut = characters.length > charactersMax ? `${characters.slice(0, charactersMax).join('')}...` : line;
  return cut
    .replace(/[\\`*_{}[\]()#+!|~]/g, (mark) => `\\${mark}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replace(/:\/\//g, ':&#47;&#47;')
    .replace(/^(\d*)([-.=])/, '$1\\$2');
}
