/** nslookup, dig and host, in the words of the version that an image has. */
import { timestampOf, type DnsAnswer } from '@statefold/core'
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import type { Program, ProgramCall } from '../shell/machine.js'
import { monthOf, weekdayOf } from './http-server.js'
import { askDns, candidatesOf, isAddress, lookUp } from './network.js'
import type { NetworkTools } from './network-programs.js'
import { complain } from './options.js'

type Waits<T> = Generator<ConsoleWait, T, void>

/**
 * `libc`: busybox up to 1.28, which asks the C library. `own`: busybox from 1.29 on, with a resolver of its own that knows the search list
 * only for names without a dot, and not at all in 1.29. `bind`: bind's program.
 */
export type LookupStyle = { readonly kind: 'libc' } | { readonly kind: 'own'; readonly searches: boolean } | { readonly kind: 'bind' }

const answerMs = 1
const silenceMs = 10_000

const reverseName = (address: string): string => `${address.split('.').reverse().join('.')}.in-addr.arpa`

const hostNamed = ({ place }: NetworkTools, server: string, address: string): string | undefined => {
  const [name] = askDns(place, server, reverseName(address), 'PTR')?.answers ?? []
  return name?.replace(/\.$/, '')
}

/** Follows networking/nslookup.c of busybox 1.28 and before. */
function* lookupByLibrary(tools: NetworkTools, call: ProgramCall): Waits<number> {
  const [name, serverWord] = call.args.filter((word) => !word.startsWith('-'))
  if (name === undefined) return complain(call, 'usage: nslookup HOST [DNS_SERVER]')
  const settings = tools.settings()
  const server = serverWord ?? settings.servers[0] ?? '127.0.0.1'
  const write = call.streams.stdout
  const numbered = (address: string, index: number): string => {
    const host = hostNamed(tools, server, address)
    return `Address ${index + 1}: ${address}${host === undefined ? '' : ` ${host}`}\n`
  }
  const silent = askDns(tools.place, server, name, 'A') === undefined
  yield { kind: 'sleep', ms: silent ? silenceMs : answerMs }
  write(`Server:    ${server}\n${numbered(server, 0)}\n`)
  const found = lookUp(tools.place, { ...settings, servers: [server] }, name)
  if (found.kind !== 'found') return complain(call, `can't resolve '${name}'`)
  write(`Name:      ${name}\n${found.addresses.map(numbered).join('')}`)
  return 0
}

interface Question {
  readonly name: string
  readonly type: string
}

const typeWords = (args: readonly string[]): { readonly types: readonly string[]; readonly words: readonly string[] } => ({
  types: args.flatMap((word) => /^-(?:type|query|querytype|q|t)=(\w+)$/i.exec(word)?.[1]?.toUpperCase() ?? []),
  words: args.filter((word) => !word.startsWith('-')),
})

interface OwnedRecord {
  readonly owner: string
  readonly type: string
  readonly record: string
}

/** Every record of an answer with the name that it belongs to: first those that say another name, then those that were asked for. */
const recordsOf = (answer: DnsAnswer, asked: string, type: string): readonly OwnedRecord[] => [
  ...answer.aliases.map((record, index) => ({ owner: (answer.aliases[index - 1] ?? asked).replace(/\.$/, ''), type: 'CNAME', record })),
  ...answer.answers.map((record) => ({ owner: answer.aliases.length === 0 ? asked : answer.owner, type, record })),
]

const recordText = ({ owner, type, record }: OwnedRecord): string => {
  if (type === 'A' || type === 'AAAA') return `Name:\t${owner}\nAddress: ${record}\n`
  if (type === 'PTR') return `${owner}\tname = ${record.replace(/\.$/, '')}\n`
  if (type === 'SRV') return `${owner}\tservice = ${record}\n`
  if (type === 'CNAME') return `${owner}\tcanonical name = ${record}\n`
  return `${owner}\ttext = "${record}"\n`
}

/** busybox writes the other name without its final dot. */
const withoutDot = (owned: OwnedRecord): OwnedRecord =>
  owned.type === 'CNAME' ? { ...owned, record: owned.record.replace(/\.$/, '') } : owned

/** Follows networking/nslookup.c (FEATURE_NSLOOKUP_BIG) of busybox. */
function* lookupByItself(tools: NetworkTools, call: ProgramCall, searches: boolean): Waits<number> {
  const { types, words } = typeWords(call.args)
  const [name, serverWord] = words
  if (name === undefined) return complain(call, 'usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]')
  const settings = tools.settings()
  const given = serverWord ?? settings.servers[0] ?? '127.0.0.1'
  const serverFound = isAddress(given) ? undefined : lookUp(tools.place, settings, given)
  if (serverFound !== undefined && serverFound.kind !== 'found') return complain(call, `can't resolve '${given}': Name does not resolve`)
  const server = serverFound === undefined ? given : (serverFound.addresses[0] ?? given)
  const write = call.streams.stdout
  const wanted: readonly string[] = types.length > 0 ? types : isAddress(name) ? ['PTR'] : ['A', 'AAAA']
  const plain = isAddress(name) ? reverseName(name) : name.replace(/\.$/, '')
  const names =
    wanted[0] === 'PTR' || plain.includes('.') || !searches || settings.search.length === 0
      ? [plain]
      : settings.search.map((suffix) => `${plain}.${suffix}`)
  const questions: readonly Question[] = wanted.flatMap((type) => names.map((full) => ({ name: full, type })))
  const answers = questions.map((question) => ({ question, answer: askDns(tools.place, server, question.name, question.type) }))
  if (answers.every(({ answer }) => answer === undefined)) {
    yield { kind: 'sleep', ms: silenceMs }
    write(';; connection timed out; no servers could be reached\n\n')
    return 1
  }
  yield { kind: 'sleep', ms: answerMs }
  write(`Server:\t\t${given}\nAddress:\t${server}:53\n\n`)
  let failed = true
  for (const { question, answer } of answers) {
    if (answer === undefined) continue
    if (answer.rcode === 'NXDOMAIN' || answer.rcode === 'SERVFAIL' || answer.rcode === 'REFUSED')
      write(`** server can't find ${question.name}: ${answer.rcode}\n\n`)
    else {
      failed = false
      write(`${recordsOf(answer, question.name, question.type).map(withoutDot).map(recordText).join('')}\n`)
    }
  }
  return failed ? 1 : 0
}

/** Follows bin/dig/nslookup.c of bind. */
function* lookupAsBind(tools: NetworkTools, call: ProgramCall): Waits<number> {
  const { types, words } = typeWords(call.args)
  const [name, serverWord] = words
  if (name === undefined) return complain(call, 'a name is expected: talking with nslookup is not simulated')
  const settings = tools.settings()
  const server = serverWord ?? settings.servers[0] ?? '127.0.0.1'
  const write = call.streams.stdout
  const type = types[0] ?? (isAddress(name) ? 'PTR' : 'A')
  const candidates =
    type === 'PTR' && isAddress(name)
      ? [reverseName(name)]
      : candidatesOf({ ...settings, ndots: name.includes('.') && settings.ndots < 2 ? 1 : settings.ndots }, name)
  let answer: DnsAnswer | undefined
  let asked = name
  for (const candidate of candidates) {
    answer = askDns(tools.place, server, candidate, type)
    asked = candidate
    if (answer === undefined || answer.rcode === 'NOERROR' || answer.rcode === 'NODATA') break
  }
  yield { kind: 'sleep', ms: answer === undefined ? silenceMs : answerMs }
  if (answer === undefined) {
    write(';; connection timed out; no servers could be reached\n\n')
    return 1
  }
  write(`Server:\t\t${server}\nAddress:\t${server}#53\n\n`)
  if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NODATA') {
    write(`** server can't find ${type === 'PTR' ? asked : name}: ${answer.rcode}\n\n`)
    return 1
  }
  const records = recordsOf(answer, asked, type)
  if (records.length === 0) {
    write(`*** Can't find ${name}: No answer\n\n`)
    return 0
  }
  write(`${records.map(recordText).join('')}\n`)
  return 0
}

const nslookup = (tools: NetworkTools, style: LookupStyle): Program =>
  function* (call) {
    if (style.kind === 'libc') return yield* lookupByLibrary(tools, call)
    return style.kind === 'own' ? yield* lookupByItself(tools, call, style.searches) : yield* lookupAsBind(tools, call)
  }

const ttlSeconds = 30

/** Follows bin/dig/dighost.c and dig.c of bind. */
const dig = (tools: NetworkTools): Program =>
  function* (call) {
    const settings = tools.settings()
    let server = settings.servers[0] ?? '127.0.0.1'
    let type: string | undefined
    let name: string | undefined
    const flags = new Set<string>()
    for (let at = 0; at < call.args.length; at += 1) {
      const word = call.args[at] ?? ''
      if (word.startsWith('@')) server = word.slice(1)
      else if (word.startsWith('+')) flags.add(word.slice(1))
      else if (word === '-t') type = (call.args[(at += 1)] ?? 'A').toUpperCase()
      else if (word === '-x') {
        name = reverseName(call.args[(at += 1)] ?? '')
        type = 'PTR'
      } else if (word.startsWith('-')) continue
      else if (/^(a|aaaa|srv|ptr|cname|txt|ns|mx|soa|any)$/i.test(word)) type = word.toUpperCase()
      else if (!/^(in|ch)$/i.test(word)) name = word
    }
    if (!isAddress(server)) {
      const found = lookUp(tools.place, settings, server)
      if (found.kind !== 'found') {
        call.streams.stderr(`dig: couldn't get address for '${server}': not found\n`)
        return 10
      }
      server = found.addresses[0] ?? server
    }
    const wanted = type ?? 'A'
    const asked = name ?? '.'
    let full = asked.replace(/\.$/, '')
    let answer = askDns(tools.place, server, full, wanted)
    if (flags.has('search') && answer !== undefined)
      for (const candidate of candidatesOf(settings, asked)) {
        full = candidate
        answer = askDns(tools.place, server, candidate, wanted)
        if (answer === undefined || answer.answers.length + answer.aliases.length > 0) break
      }
    yield { kind: 'sleep', ms: answer === undefined ? silenceMs : answerMs }
    const write = call.streams.stdout
    const isShort = flags.has('short')
    if (answer === undefined) {
      write(
        isShort
          ? ';; communications error to ' + `${server}#53: timed out\n;; no servers could be reached\n`
          : `\n; <<>> DiG 9.18.28 <<>> ${call.args.join(' ')}\n;; global options: +cmd\n;; no servers could be reached\n`,
      )
      return 9
    }
    const records = recordsOf(answer, full, wanted).map((owned) =>
      owned.type === 'TXT' ? { ...owned, record: `"${owned.record}"` } : owned,
    )
    if (isShort) {
      for (const { record } of records) write(`${record}\n`)
      return 0
    }
    const status = answer.rcode === 'NODATA' ? 'NOERROR' : answer.rcode
    const answerLines = records.map(({ owner, type: sort, record }) => `${owner}. ${ttlSeconds}\tIN\t${sort}\t${record}\n`)
    if (flags.has('noall')) {
      if (flags.has('answer')) for (const line of answerLines) write(line)
      return 0
    }
    const now = tools.place.view.now()
    const stamp = timestampOf(now)
    const question = `;${full}.${full.length < 22 ? '\t\t' : '\t'}IN\t${wanted}\n`
    const soa = status === 'NXDOMAIN' || records.length === 0
    write(
      [
        `\n; <<>> DiG 9.18.28 <<>> ${call.args.join(' ')}\n;; global options: +cmd\n;; Got answer:\n`,
        `;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ${queryId(full, now)}\n`,
        `;; flags: qr aa rd; QUERY: 1, ANSWER: ${records.length}, AUTHORITY: ${soa ? 1 : 0}, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n\n`,
        ';; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n',
        `;; QUESTION SECTION:\n${question}\n`,
        answerLines.length === 0 ? '' : `;; ANSWER SECTION:\n${answerLines.join('')}\n`,
        soa
          ? `;; AUTHORITY SECTION:\ncluster.local.\t\t${ttlSeconds}\tIN\tSOA\tns.dns.cluster.local. hostmaster.cluster.local. 1767225600 7200 1800 86400 ${ttlSeconds}\n\n`
          : '',
        `;; Query time: 1 msec\n;; SERVER: ${server}#53(${server}) (UDP)\n`,
        `;; WHEN: ${weekdayOf(now)} ${monthOf(stamp)} ${stamp.slice(8, 10)} ${stamp.slice(11, 19)} UTC ${stamp.slice(0, 4)}\n`,
        `;; MSG SIZE  rcvd: ${48 + records.length * 16 + full.length * (1 + records.length)}\n\n`,
      ].join(''),
    )
    return 0
  }

/** A number that looks like an id and is the same for the same question at the same time. */
const queryId = (name: string, now: number): number =>
  Array.from(`${name} ${now}`).reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 65_536, 7)

const host = (tools: NetworkTools): Program =>
  function* (call) {
    const words = call.args.filter((word) => !word.startsWith('-'))
    const typeAt = call.args.indexOf('-t')
    const type = typeAt < 0 ? 'A' : (call.args[typeAt + 1] ?? 'A').toUpperCase()
    const [name, serverWord] = words.filter((word) => typeAt < 0 || word !== call.args[typeAt + 1])
    if (name === undefined) return complain(call, 'a name is expected')
    const settings = tools.settings()
    const server = serverWord ?? settings.servers[0] ?? '127.0.0.1'
    const candidates = isAddress(name) ? [reverseName(name)] : candidatesOf(settings, name)
    for (const candidate of candidates) {
      const answer = askDns(tools.place, server, candidate, isAddress(name) ? 'PTR' : type)
      if (answer === undefined) {
        yield { kind: 'sleep', ms: silenceMs }
        call.streams.stdout(';; connection timed out; no servers could be reached\n')
        return 1
      }
      const records = recordsOf(answer, candidate, isAddress(name) ? 'PTR' : type)
      if (records.length === 0) continue
      yield { kind: 'sleep', ms: answerMs }
      const what = isAddress(name)
        ? 'domain name pointer'
        : type === 'SRV'
          ? 'has SRV record'
          : type === 'A'
            ? 'has address'
            : `has ${type} record`
      for (const { owner, type: sort, record } of records)
        call.streams.stdout(`${owner} ${sort === 'CNAME' && type !== 'CNAME' ? 'is an alias for' : what} ${record}\n`)
      return 0
    }
    yield { kind: 'sleep', ms: answerMs }
    call.streams.stdout(`Host ${name} not found: 3(NXDOMAIN)\n`)
    return 1
  }

export const dnsPrograms = (tools: NetworkTools, style: LookupStyle): Readonly<Record<string, Program>> => ({
  dig: dig(tools),
  host: host(tools),
  nslookup: nslookup(tools, style),
})
