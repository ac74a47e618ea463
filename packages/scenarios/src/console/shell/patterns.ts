/** Shell patterns: `*`, `?`, `[a-z]`, `[!a]`. A backslash takes the next character as it is. */

const special = /[.+^${}()|[\]\\*?/]/

const quotedForRegExp = (character: string): string => (special.test(character) ? `\\${character}` : character)

/** The pattern as the source of a regular expression; `any` is what `*` stands for. */
const sourceOf = (pattern: string, any: string, one: string): string => {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at)
    if (character === '*') source += any
    else if (character === '?') source += one
    else if (character === '\\' && at + 1 < pattern.length) {
      at += 1
      source += quotedForRegExp(pattern.charAt(at))
    } else if (character === '[') {
      const end = pattern.indexOf(']', pattern.charAt(at + 1) === '!' || pattern.charAt(at + 1) === '^' ? at + 3 : at + 2)
      if (end < 0) source += '\\['
      else {
        const inside = pattern.slice(at + 1, end).replace(/\[:(\w+):\]/g, (_whole, name: string) => characterClasses[name] ?? '')
        source += `[${inside.replace(/^!/, '^').replaceAll('\\', '\\\\')}]`
        at = end
      }
    } else source += quotedForRegExp(character)
  }
  return source
}

/** POSIX classes as they stand inside brackets. */
const characterClasses: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
}

/** The whole text matches. */
export const matchesShellPattern = (pattern: string, text: string): boolean =>
  new RegExp(`^${sourceOf(pattern, '[^]*', '[^]')}$`).test(text)

export const hasPattern = (pattern: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(pattern)

export const withoutBackslashes = (pattern: string): string => pattern.replace(/\\(.)/gs, '$1')

/** `${name#pattern}`: removes from the front (or the end), the shortest or the longest match. */
export const strip = (text: string, pattern: string, where: 'front' | 'end', longest: boolean): string => {
  const lengths = Array.from({ length: text.length + 1 }, (_unused, length) => (longest ? text.length - length : length))
  for (const length of lengths) {
    const candidate = where === 'front' ? text.slice(0, length) : text.slice(text.length - length)
    if (matchesShellPattern(pattern, candidate)) return where === 'front' ? text.slice(length) : text.slice(0, text.length - length)
  }
  return text
}

/** `${name/pattern/replacement}` */
export const replacePattern = (text: string, pattern: string, replacement: string, all: boolean): string =>
  text.replace(new RegExp(sourceOf(pattern, '[^]*', '[^]'), all ? 'g' : ''), () => replacement)

/** The names in folders that match an absolute pattern, sorted; `list` gives names, folders with a slash at their end. */
export const expandPath = (pattern: string, list: (folder: string) => readonly string[] | undefined): readonly string[] => {
  const parts = pattern.split('/').filter((part) => part !== '')
  let found: readonly string[] = ['']
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    found = found.flatMap((folder) => {
      if (!hasPattern(part)) {
        const path = `${folder}/${withoutBackslashes(part)}`
        if (!isLast) return list(path) === undefined ? [] : [path]
        const name = withoutBackslashes(part)
        const names = list(folder === '' ? '/' : folder) ?? []
        return names.includes(name) || names.includes(`${name}/`) ? [path] : []
      }
      return (list(folder === '' ? '/' : folder) ?? []).flatMap((name) => {
        const isFolder = name.endsWith('/')
        const bare = isFolder ? name.slice(0, -1) : name
        if (bare.startsWith('.') && !part.startsWith('.')) return []
        if (!isLast && !isFolder) return []
        return matchesShellPattern(part, bare) ? [`${folder}/${bare}`] : []
      })
    })
  }
  return [...found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
