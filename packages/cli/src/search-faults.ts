/** `--faults crash=2,conflict`: what may go wrong in a search, said on the command line instead of in the scenario. */
import { apiFaults, type ApiFault } from '@statefold/core'
import { defaultOrder, type Scenario } from '@statefold/scenarios'
import { badInput } from './exit-codes.js'

export const faultWords: readonly string[] = ['crash', ...apiFaults]

const mostMax = 100

interface Faults {
  readonly crashes: number
  readonly answers: readonly ApiFault[]
  /** How many answers together. */
  readonly answersMost: number
}

const isAnswer = (word: string): word is ApiFault => apiFaults.some((answer) => answer === word)

const readFaults = (text: string): Faults => {
  let faults: Faults = { crashes: 0, answers: [], answersMost: 0 }
  for (const part of text.split(',')) {
    const [, word = '', written] = /^([a-z-]+)(?:=(\d{1,3}))?$/.exec(part.trim()) ?? []
    const most = written === undefined ? 1 : Number(written)
    if (word !== 'crash' && !isAnswer(word))
      throw badInput(`--faults: expected a fault or fault=most, of ${faultWords.join(', ')}; found ${JSON.stringify(part)}`)
    if (most < 1 || most > mostMax) throw badInput(`--faults: ${word}: expected 1 to ${mostMax} times, found ${most}`)
    faults =
      word === 'crash'
        ? { ...faults, crashes: faults.crashes + most }
        : { ...faults, answers: [...faults.answers, word], answersMost: faults.answersMost + most }
  }
  return faults
}

/**
 * The scenario with these faults in its scope: they befall the controllers that its `search` names for them, or else those whose order is free.
 * What is found is written with that scope, so that it fails by itself.
 */
export const withFaults = (scenario: Scenario, text: string | undefined): Scenario => {
  if (text === undefined) return scenario
  const { crashes, answers: are, answersMost } = readFaults(text)
  const { search = {} } = scenario.written
  const controllers = search.order ?? defaultOrder
  return {
    ...scenario,
    written: {
      ...scenario.written,
      search: {
        ...search,
        ...(crashes === 0 ? undefined : { crashes: { controllers: search.crashes?.controllers ?? controllers, most: crashes } }),
        ...(are.length === 0
          ? undefined
          : {
              answers: {
                controllers: search.answers?.controllers ?? controllers,
                are: [...new Set([...(search.answers?.are ?? []), ...are])],
                most: answersMost,
              },
            }),
      },
    },
  }
}
