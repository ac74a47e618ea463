/** Scenario text to a scenario, or everything that is wrong with it: file, line, column, expected, found. */
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { isJsonObject, type Json } from '@statefold/core'
import { shapeOf, unknownField } from './codec.js'
import type { Problem } from './problem.js'
import { readYaml, type YamlSource } from './read-yaml.js'
import { scenarioApiVersion, scenarioFile, type ScenarioFile } from './scenario-codec.js'

/** What a value is, in a few words: `"five"`, `7`, `a list`. */
const foundWords = (value: unknown): string => {
  switch (shapeOf(value)) {
    case 'text': {
      const written = JSON.stringify(value)
      return written.length > 60 ? `${written.slice(0, 57)}…"` : written
    }
    case 'number':
    case 'boolean':
      return String(value)
    case 'list':
      return Array.isArray(value) && value.length === 0 ? 'an empty list' : 'a list'
    case 'mapping':
      return 'a mapping'
    case 'nothing':
      return 'nothing'
  }
}

/** `steps[2].scale` */
const pathWords = (path: readonly string[]): string =>
  path.reduce((words, key) => (/^\d+$/.test(key) ? `${words}[${key}]` : words === '' ? key : `${words}.${key}`), '')

const problemOf = (file: string, yaml: YamlSource, error: t.ValidationError): Problem => {
  const path = error.context.map(({ key }) => key).filter((key) => key !== '')
  const last = error.context.at(-1)?.type
  const words = pathWords(path)
  if (last === unknownField) {
    const holder = pathWords(path.slice(0, -1))
    return { file, ...yaml.placeOfKey(path), message: `${holder === '' ? '' : `${holder}: `}${error.message ?? 'unknown field'}` }
  }
  // Failures that are not about a value (a missing field, two actions) bring whole sentences.
  const message =
    error.value === undefined && error.message !== undefined
      ? error.message
      : `expected ${error.message ?? 'something else'}, found ${foundWords(error.value)}`
  return { file, ...yaml.placeOf(path), message: `${words === '' ? '' : `${words}: `}${message}` }
}

/** Is this text meant as a scenario (well formed or not)? Told from the content alone. */
export const isScenarioText = (source: string): boolean => /^apiVersion:\s*["']?statefold\.dev\//m.test(source)

const decodeScenarioValue = (file: string, yaml: YamlSource): E.Either<readonly Problem[], ScenarioFile> => {
  const version: Json | undefined = isJsonObject(yaml.value) ? yaml.value['apiVersion'] : undefined
  if (typeof version === 'string' && version !== scenarioApiVersion)
    return E.left([
      {
        file,
        ...yaml.placeOf(['apiVersion']),
        message: `apiVersion: this program reads ${scenarioApiVersion}, found ${foundWords(version)}`,
      },
    ])
  const decoded = scenarioFile.decode(yaml.value)
  if (E.isRight(decoded)) return decoded
  const problems = decoded.left.map((error) => problemOf(file, yaml, error))
  return E.left(
    problems.sort((a, b) => a.line - b.line || a.column - b.column || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0)),
  )
}

export interface DecodedScenario {
  readonly scenario: ScenarioFile
  readonly yaml: YamlSource
}

export const decodeScenario = (file: string, source: string): E.Either<readonly Problem[], DecodedScenario> => {
  const yaml = readYaml(file, source)
  if (E.isLeft(yaml)) return E.left([yaml.left])
  const scenario = decodeScenarioValue(file, yaml.right)
  return E.isLeft(scenario) ? scenario : E.right({ scenario: scenario.right, yaml: yaml.right })
}
