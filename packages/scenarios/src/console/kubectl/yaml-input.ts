/** YAML documents as sigs.k8s.io/yaml reads them: YAML 1.1 booleans and octal numbers, timestamps are texts, the last of two equal keys wins. */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json } from '@statefold/core'
import { parseDocument, type ScalarTag, type YAMLError } from 'yaml'

/** Splits a stream at its `---` lines. Follows YAMLReader in apimachinery/pkg/util/yaml/decoder.go. */
export const splitDocuments = (input: string): readonly string[] => {
  const documents: string[] = []
  let current: string[] = []
  for (const line of input.split('\n')) {
    if (line.startsWith('---') && /^\s*(?:#.*)?$/.test(line.slice(3))) {
      if (current.length > 0) documents.push(current.join('\n'))
      current = []
    } else current.push(line)
  }
  return current.length > 0 ? [...documents, current.join('\n')] : documents
}

/** go-yaml's words for the commonest mistakes (scannerc.go, parserc.go). */
const goMessage = (error: YAMLError): string => {
  if (/Nested mappings|Implicit map keys|BLOCK_AS_IMPLICIT_KEY|compact mappings/i.test(`${error.code} ${error.message}`))
    return 'mapping values are not allowed in this context'
  if (error.code === 'TAB_AS_INDENT') return 'found character that cannot start any token'
  if (error.code === 'MISSING_CHAR' && /closing ["']quote|Missing closing/i.test(error.message)) return 'found unexpected end of stream'
  if (error.code === 'MISSING_CHAR' && /flow/i.test(error.message)) return `did not find expected ',' or '}'`
  if (error.code === 'BAD_ALIAS') return 'unknown anchor'
  return 'did not find expected key'
}

/** Numbers and texts of keys become texts; nothing else changes. */
const asJson = (value: unknown): Json => {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), asJson(item)]))
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  if (typeof value === 'bigint') return Number(value)
  return null
}

/** Numbers as go-yaml resolves them (resolve.go): `0x1f`, `0b101`, `0o17` and `017`, `1_000`; floats need a digit before their exponent. */
const numberTags: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$/,
    resolve: (text) => {
      const plain = text.replaceAll('_', '')
      const digits = plain.replace(/^[-+]/, '')
      const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
      return plain.startsWith('-') ? -value : value
    },
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
    resolve: (text) => Number(text),
  },
]

/** Tags of YAML 1.1 that go-yaml reads as texts, or as the numbers above. */
const isForeign = (tag: { readonly tag: string }): boolean => /:(?:timestamp|set|omap|pairs|binary|int|float)$/.test(tag.tag)

export const readYamlDocument = (input: string): E.Either<string, Json> => {
  const document = parseDocument(input, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
    merge: true,
    customTags: (tags) => [...tags.filter((tag) => typeof tag === 'string' || !isForeign(tag)), ...numberTags],
  })
  const [error] = document.errors
  if (error !== undefined) {
    const message = goMessage(error)
    // go-yaml counts the line of the token before for most mistakes.
    const line = error.linePos?.[0].line ?? 1
    return E.left(`yaml: line ${line}: ${message}`)
  }
  return E.right(asJson(document.toJS({ maxAliasCount: 1_000 })))
}
