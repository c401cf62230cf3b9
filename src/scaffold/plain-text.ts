import type { Token } from 'marked';

/** What a reader sees of inline Markdown. */
export function plainText(tokens: readonly Token[]): string {
  return tokens.map(textOf).join('');
}

function textOf(token: Token): string {
  const inner = 'tokens' in token ? token.tokens : undefined;
  if (token.type === 'list') {
    const items = (token as { items?: readonly Token[] }).items ?? [];
    return items.map((item) => `${textOf(item).trim()}\n`).join('');
  }
  if (inner !== undefined && inner.length > 0) return plainText(inner);
  if (token.type === 'br') return '\n';
  if (token.type === 'checkbox') return '';
  return 'text' in token && typeof token.text === 'string' ? token.text : '';
}
