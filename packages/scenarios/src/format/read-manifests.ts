/** Kubernetes manifests as objects with the place of every field, so that the API server's refusals can be shown in the file. */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'
import type { Problem } from './problem.js'
import { readYaml, yamlLimits, type Place, type YamlSource } from './read-yaml.js'

export interface PlacedManifest {
  readonly file: string
  readonly object: JsonObject
  /** The document as it is written: what kubectl reads. */
  readonly text: string
  readonly placeOf: (path: readonly string[]) => Place
  readonly placeOfKey: (path: readonly string[]) => Place
}

interface Document {
  readonly text: string
  /** How many lines of the file stand before it. */
  readonly before: number
}

/** Splits at `---` lines, as kubectl does. */
const documentsOf = (source: string): readonly Document[] => {
  const documents: Document[] = []
  let lines: string[] = []
  let before = 0
  const finish = (next: number): void => {
    if (lines.some((line) => line.trim() !== '' && !line.trim().startsWith('#'))) documents.push({ text: lines.join('\n'), before })
    lines = []
    before = next
  }
  for (const [index, line] of source.split('\n').entries()) {
    if (line.startsWith('---') && /^\s*(?:#.*)?$/.test(line.slice(3))) finish(index + 1)
    else lines.push(line)
  }
  finish(0)
  return documents
}

const missing = (object: JsonObject): string | undefined =>
  (['apiVersion', 'kind'] as const).find((field) => typeof object[field] !== 'string' || object[field] === '')

const itemsOf = (object: JsonObject): readonly Json[] | undefined => {
  const { kind, items } = object
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? (items as readonly Json[]) : undefined
}

export const readManifests = (file: string, source: string): E.Either<readonly Problem[], readonly PlacedManifest[]> => {
  const problems: Problem[] = []
  const manifests: PlacedManifest[] = []
  if (source.length > yamlLimits.bytesMax)
    return E.left([
      {
        file,
        line: 1,
        column: 1,
        message: `expected at most ${yamlLimits.bytesMax / 1024 / 1024} MiB, found ${(source.length / 1024 / 1024).toFixed(1)} MiB`,
      },
    ])
  for (const { text, before } of documentsOf(source)) {
    const yaml = readYaml(file, text, before)
    if (E.isLeft(yaml)) {
      problems.push(yaml.left)
      continue
    }
    const { value, placeOf, placeOfKey } = yaml.right
    const take = (object: Json, path: readonly string[], written: string): void => {
      const place = placeOf(path)
      if (!isJsonObject(object)) {
        problems.push({ file, ...place, message: 'expected a Kubernetes object with apiVersion and kind' })
        return
      }
      const field = missing(object)
      if (field !== undefined) {
        problems.push({ file, ...place, message: `expected a Kubernetes object with apiVersion and kind, found no ${field}` })
        return
      }
      manifests.push({
        file,
        object,
        text: written,
        placeOf: (inner) => placeOf([...path, ...inner]),
        placeOfKey: (inner) => placeOfKey([...path, ...inner]),
      })
    }
    const items = isJsonObject(value) ? itemsOf(value) : undefined
    if (items === undefined) take(value, [], text)
    else for (const [index, item] of items.entries()) take(item, ['items', String(index)], JSON.stringify(item))
  }
  if (problems.length > 0) return E.left(problems)
  return manifests.length === 0
    ? E.left([{ file, line: 1, column: 1, message: 'expected Kubernetes objects, found none' }])
    : E.right(manifests)
}

/** An object written in the scenario itself. */
export const inlineManifest = (
  file: string,
  object: JsonObject,
  yaml: Pick<YamlSource, 'placeOf' | 'placeOfKey'>,
  at: readonly string[],
): PlacedManifest => ({
  file,
  object,
  text: JSON.stringify(object),
  placeOf: (path) => yaml.placeOf([...at, ...path]),
  placeOfKey: (path) => yaml.placeOfKey([...at, ...path]),
})

/** `spec.template.spec.containers[0].image` or `metadata.labels[app]` as a path. */
const pathOfField = (field: string): readonly string[] =>
  field
    .replace(/\[([^\]]*)\]/g, '.$1')
    .split('.')
    .filter((part) => part !== '')

interface Said {
  readonly field: string | undefined
  readonly words: string
  /** The field's name is wrong, not its value. */
  readonly isName?: boolean
}

/** The sentences of a refusal, each with the field it is about: as kubectl prints them. */
const sentencesOf = (stderr: string): readonly Said[] => {
  // What kubectl read is said by the place.
  const text = stderr.trim().replace(/error when (?:creating|applying patch|replacing) "STDIN": /g, '')
  const bullets = /^(The .* is invalid: )\n(\* [\s\S]*)$/.exec(text)
  if (bullets !== null)
    return (bullets[2] ?? '').split('\n* ').map((line) => {
      const words = line.replace(/^\* /, '')
      return { field: words.split(': ')[0], words: `${bullets[1] ?? ''}${words}` }
    })
  const single = /is invalid: ([A-Za-z][^:\s]*): /.exec(text)
  if (single !== null) return [{ field: single[1], words: text }]
  const unknown = [...text.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)].map((match) => match[1])
  if (unknown.length > 0) return [{ field: unknown[0], words: text, isName: true }]
  const goField = /into Go struct field [A-Za-z0-9]+\.([A-Za-z0-9.]+) of type/.exec(text)
  return [{ field: goField?.[1], words: text }]
}

/** The API server's words about a manifest, each at the line of its field. */
export const problemsOfRefusal = (manifest: PlacedManifest, stderr: string): readonly Problem[] =>
  sentencesOf(stderr).map(({ field, words, isName = false }) => ({
    file: manifest.file,
    ...(isName ? manifest.placeOfKey : manifest.placeOf)(field === undefined ? [] : pathOfField(field)),
    message: words,
  }))
