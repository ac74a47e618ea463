/**
 * A question to the cluster's DNS as the recorder of the real cluster asks it: one packet over UDP without extensions, so an answer ends where
 * 512 bytes end; what cannot be asked is answered by the asker itself, in the words of golang.org/x/net/dns/dnsmessage.
 */
import { answerDns, type Reader } from '@statefold/core'
import type { DnsStep } from './decode-script.js'

export interface DnsReply {
  readonly answers: readonly string[]
  readonly rcode: string
}

const askedTypes: ReadonlySet<string> = new Set(['A', 'SRV', 'PTR', 'CNAME'])

/** As Go prints them. */
const resultWords: Readonly<Record<string, string>> = { SERVFAIL: 'RCodeServerFailure', REFUSED: 'RCodeRefused' }

const nameMax = 255
const labelMax = 63
const packetMax = 512
const headerBytes = 12

/** Follows Name.pack: why a name cannot be put into a packet. */
const nameProblem = (name: string): string | undefined => {
  if (name === '') return undefined
  for (const label of name.split('.')) {
    if (label.length > labelMax) return 'segment length too long'
    if (label === '') return 'zero length segment'
  }
  return undefined
}

/** A name in a packet that is not shortened. */
const nameBytes = (name: string): number => (name === '' ? 1 : name.replace(/\.$/, '').length + 2)

/** Another name, not an address. */
const isName = (answer: string): boolean => answer.endsWith('.') && !answer.includes(' ')

/** One record whose owner is the name that was asked for. */
const recordBytes = (type: string, answer: string): number => {
  const withoutContent = 12
  if (type === 'A' && !isName(answer)) return withoutContent + 4
  return type === 'SRV' ? withoutContent + 6 + nameBytes(answer.split(' ').at(-1) ?? '') : withoutContent + nameBytes(answer)
}

const fittingAnswers = (question: DnsStep, answers: readonly string[]): readonly string[] => {
  let bytes = headerBytes + nameBytes(question.name) + 4
  return answers.filter((answer) => {
    bytes += recordBytes(question.type, answer)
    return bytes <= packetMax
  })
}

/** An A question may be answered with another name instead of addresses. */
const written = (type: string, answer: string): string =>
  (type === 'A' || type === 'CNAME') && isName(answer) ? `CNAME ${answer}` : answer

export const askDns = (reader: Reader, question: DnsStep): DnsReply => {
  if (!askedTypes.has(question.type) || question.name.length + 1 > nameMax) return { answers: [], rcode: 'error: bad question' }
  const problem = nameProblem(question.name)
  if (problem !== undefined) return { answers: [], rcode: `error: packing Question: Name: ${problem}` }
  const { rcode, answers, aliases } = answerDns(reader, question)
  return {
    answers: fittingAnswers(question, [...aliases, ...answers])
      .map((answer) => written(question.type, answer))
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    rcode: resultWords[rcode] ?? rcode,
  }
}
