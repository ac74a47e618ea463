/** Programs that use the network: curl, wget, ping, nc, telnet, getent. */
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import { pathFrom, type Program, type ProgramCall } from '../shell/machine.js'
import { answerHttp, lengthOf, type HttpResponse } from './http-server.js'
import { answersPing, connect, lookUp, type Connection, type Lookup, type NetworkPlace, type ResolverSettings } from './network.js'
import { complain, readOptions } from './options.js'

type Waits<T> = Generator<ConsoleWait, T, void>

export interface NetworkTools {
  readonly place: NetworkPlace
  readonly settings: () => ResolverSettings
  /** The C library's words differ. */
  readonly library: 'glibc' | 'musl'
}

/** A round trip within the cluster. */
const roundTripMs = 1
/** Linux gives up on a connection after six repeated SYN packets. */
const connectPatienceMs = 131_000
/** A neighbour that nobody is, is looked for this long. */
const unreachableMs = 3_070
/** The C library asks a silent DNS server twice. */
const dnsPatienceMs = 10_000

function* resolve({ place, settings }: NetworkTools, name: string): Waits<Lookup> {
  const found = lookUp(place, settings(), name)
  yield { kind: 'sleep', ms: found.kind === 'silence' ? dnsPatienceMs : roundTripMs }
  return found
}

interface Attempt {
  readonly address: string
  readonly port: number
  /** Undefined: as long as the system waits. */
  readonly patienceMs: number | undefined
}

/** Connects, and waits as long as that takes. */
function* open({ place }: NetworkTools, { address, port, patienceMs = connectPatienceMs }: Attempt): Waits<Connection> {
  const connection = connect(place, address, port)
  const ms =
    connection.kind === 'timeout' ? patienceMs : connection.kind === 'unreachable' ? Math.min(unreachableMs, patienceMs) : roundTripMs
  yield { kind: 'sleep', ms }
  return connection.kind === 'unreachable' && ms < unreachableMs ? { kind: 'timeout' } : connection
}

interface Url {
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly target: string
}

const parseUrl = (text: string): Url | undefined => {
  const match = /^(?:(\w+):\/\/)?(?:[^@/]*@)?([^/:?#]+)(?::(\d+))?([/?#].*)?$/.exec(text)
  if (match === null) return undefined
  const [, scheme = 'http', host = '', port, target = '/'] = match
  return {
    scheme,
    host,
    port: port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port),
    target: target.startsWith('/') ? target : `/${target}`,
  }
}

const headersText = ({ status, reason, headers }: HttpResponse): string =>
  `HTTP/1.1 ${status} ${reason}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

// Differs from Kubernetes: curl shows no progress meter, also when its output is no terminal.
const curl = (tools: NetworkTools): Program =>
  function* (call) {
    const options = readOptions(call.args, 'sSIikLvfgNo:w:X:H:d:m:u:A:e:b:F:T:Or:', {
      silent: 's',
      'show-error': 'S',
      head: 'I',
      include: 'i',
      insecure: 'k',
      location: 'L',
      verbose: 'v',
      fail: 'f',
      output: 'o:',
      'write-out': 'w:',
      request: 'X:',
      header: 'H:',
      data: 'd:',
      'max-time': 'm:',
      'connect-timeout': 'C:',
      retry: 'R:',
      'retry-delay': 'D:',
      'retry-connrefused': 'J',
      'retry-all-errors': 'K',
      'no-buffer': 'N',
      'no-progress-meter': 's',
      noproxy: 'P:',
    })
    if (options.words.length === 0) {
      call.streams.stderr("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
      return 2
    }
    let status = 0
    for (const word of options.words) {
      const retries = Number(options.value('R') ?? '0')
      const delayMs = Number(options.value('D') ?? '1') * 1_000
      for (let tries = 0; ; tries += 1) {
        status = yield* fetchOnce(tools, call, options, word)
        const again = status === 28 || (status === 7 && (options.has('J') || options.has('K'))) || (status !== 0 && options.has('K'))
        if (!again || tries >= retries || call.budget.reached() !== undefined) break
        yield { kind: 'sleep', ms: delayMs }
      }
    }
    return status
  }

function* fetchOnce(tools: NetworkTools, call: ProgramCall, options: ReturnType<typeof readOptions>, word: string): Waits<number> {
  const fails = (code: number, text: string): number => {
    if (!options.has('s') || options.has('S')) call.streams.stderr(`curl: (${code}) ${text}\n`)
    writeOut(undefined, code)
    return code
  }
  const writeOut = (response: HttpResponse | undefined, code: number): void => {
    const format = options.value('w')
    if (format === undefined) return
    const values: Readonly<Record<string, string>> = {
      http_code: response === undefined ? '000' : String(response.status),
      response_code: response === undefined ? '000' : String(response.status),
      size_download: String(response === undefined ? 0 : lengthOf(response.body)),
      url_effective: word,
      exitcode: String(code),
      content_type: response?.headers.find(([name]) => name === 'Content-Type')?.[1] ?? '',
      remote_ip: '',
      time_total: '0.001',
      time_connect: '0.000',
    }
    call.streams.stdout(
      format
        .replace(/%\{(\w+)\}/g, (_whole, name: string) => values[name] ?? '')
        .replaceAll('\\n', '\n')
        .replaceAll('\\t', '\t')
        .replaceAll('\\r', '\r'),
    )
  }
  let url = parseUrl(word)
  if (url === undefined) return fails(3, 'URL rejected: Malformed input to a URL function')
  if (!['http', 'https'].includes(url.scheme)) return fails(1, `Protocol "${url.scheme}" not supported`)
  const given = options.value('C') ?? options.value('m')
  const patienceMs = given === undefined ? undefined : Math.round(Number(given) * 1_000)
  const method = options.value('X') ?? (options.has('I') ? 'HEAD' : options.has('d') ? 'POST' : 'GET')
  for (let redirects = 0; redirects <= 50; redirects += 1) {
    const began = tools.place.view.now()
    const found = yield* resolve(tools, url.host)
    if (found.kind !== 'found') return fails(6, `Could not resolve host: ${url.host}`)
    const [address = ''] = found.addresses
    const connection = yield* open(tools, { address, port: url.port, patienceMs })
    const tookMs = tools.place.view.now() - began
    if (connection.kind === 'timeout')
      return fails(
        28,
        patienceMs === undefined
          ? `Failed to connect to ${url.host} port ${url.port} after ${tookMs} ms: Could not connect to server`
          : `Connection timed out after ${patienceMs + 1} milliseconds`,
      )
    if (connection.kind === 'unreachable')
      return fails(7, `Failed to connect to ${url.host} port ${url.port} after ${tookMs} ms: No route to host`)
    if (connection.kind === 'refused')
      return fails(7, `Failed to connect to ${url.host} port ${url.port} after ${tookMs} ms: Could not connect to server`)
    if (url.scheme === 'https') return fails(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number')
    const response = answerHttp(tools.place.view, connection, {
      method,
      target: url.target,
      host: url.port === 80 ? url.host : `${url.host}:${url.port}`,
    })
    if (response === undefined) return fails(52, 'Empty reply from server')
    const location = response.headers.find(([name]) => name === 'Location')?.[1]
    const next: Url | undefined = options.has('L') && location !== undefined ? parseUrl(location) : undefined
    if (options.has('I') || options.has('i')) call.streams.stdout(headersText(response))
    if (next !== undefined) {
      url = next
      continue
    }
    if (options.has('f') && response.status >= 400) return fails(22, `The requested URL returned error: ${response.status}`)
    if (!options.has('I')) {
      const target =
        options.value('o') ?? (options.has('O') ? url.target.slice(url.target.lastIndexOf('/') + 1) || 'index.html' : undefined)
      if (target === undefined || target === '-') call.streams.stdout(response.body)
      else if (target !== '/dev/null') {
        const problem = call.machine.files.write(pathFrom(call.directory, target), response.body)
        if (problem !== undefined) return fails(23, `client returned ERROR on write, ${lengthOf(response.body)} bytes`)
      }
    }
    writeOut(response, 0)
    return 0
  }
  return fails(47, 'Maximum (50) redirects followed')
}

/** busybox's words; those of GNU wget where the userland has that. */
const wget = (tools: NetworkTools): Program =>
  function* (call) {
    const args = call.args.flatMap((word) =>
      /^-q?O-$/.test(word)
        ? [word.startsWith('-q') ? '-q' : '', '-O', '-'].filter((part) => part !== '')
        : word === '-qO'
          ? ['-q', '-O']
          : [word],
    )
    const options = readOptions(args, 'qSctT:O:P:U:Y:', {
      quiet: 'q',
      spider: 's',
      timeout: 'T:',
      tries: 't:',
      'output-document': 'O:',
      'no-verbose': 'q',
      'server-response': 'S',
      header: 'H:',
    })
    const [word] = options.words
    const url = word === undefined ? undefined : parseUrl(word)
    if (url === undefined) return complain(call, 'missing URL')
    const found = yield* resolve(tools, url.host)
    if (found.kind !== 'found') return complain(call, `bad address '${url.host}${url.port === 80 ? '' : `:${url.port}`}'`)
    const [address = ''] = found.addresses
    const say = (text: string): void => {
      if (!options.has('q')) call.streams.stderr(text)
    }
    say(`Connecting to ${url.host}${url.port === 80 && url.host !== address ? '' : ''} (${address}:${url.port})\n`)
    const given = options.value('T')
    const connection = yield* open(tools, { address, port: url.port, patienceMs: given === undefined ? undefined : Number(given) * 1_000 })
    const remote = `can't connect to remote host (${address})`
    if (connection.kind === 'refused') return complain(call, `${remote}: Connection refused`)
    if (connection.kind === 'unreachable')
      return complain(call, `${remote}: ${tools.library === 'musl' ? 'Host is unreachable' : 'No route to host'}`)
    if (connection.kind === 'timeout')
      return complain(
        call,
        given === undefined
          ? `${remote}: ${tools.library === 'musl' ? 'Operation timed out' : 'Connection timed out'}`
          : 'download timed out',
      )
    const response = answerHttp(tools.place.view, connection, { method: 'GET', target: url.target, host: url.host })
    if (response === undefined) return complain(call, 'error getting response')
    if (response.status >= 400) return complain(call, `server returned error: HTTP/1.1 ${response.status} ${response.reason}`)
    if (options.has('s')) {
      say('remote file exists\n')
      return 0
    }
    const target = options.value('O') ?? (url.target.slice(url.target.lastIndexOf('/') + 1) || 'index.html')
    const shown = target === '-' ? '-' : target
    if (target === '-') {
      say('writing to stdout\n')
      call.streams.stdout(response.body)
    } else if (target !== '/dev/null') {
      if (options.value('O') === undefined && call.files.read(pathFrom(call.directory, target)) !== undefined)
        return complain(call, `can't open '${target}': File exists`)
      const problem = call.machine.files.write(pathFrom(call.directory, target), response.body)
      if (problem !== undefined) return complain(call, `can't open '${target}': ${problem}`)
      say(`saving to '${target}'\n`)
    }
    say(`${shown.padEnd(20)} 100% |${'*'.repeat(32)}| ${String(lengthOf(response.body)).padStart(5)}  0:00:00 ETA\n`)
    say(target === '-' ? 'written to stdout\n' : `'${target}' saved\n`)
    return 0
  }

const pingsDefault = 4

const ping = (tools: NetworkTools): Program =>
  function* (call) {
    const options = readOptions(call.args, 'c:i:w:W:s:qn46')
    const [name] = options.words
    if (name === undefined) return complain(call, 'missing host operand')
    const isBusybox = call.machine.flavour === 'busybox'
    const found = yield* resolve(tools, name)
    if (found.kind !== 'found')
      return complain(
        call,
        isBusybox
          ? `bad address '${name}'`
          : `${name}: ${found.kind === 'silence' ? 'Temporary failure in name resolution' : 'Name or service not known'}`,
        isBusybox ? 1 : 2,
      )
    const [address = ''] = found.addresses
    call.streams.stdout(isBusybox ? `PING ${name} (${address}): 56 data bytes\n` : `PING ${name} (${address}) 56(84) bytes of data.\n`)
    // Without -c a person would press control-C after a few.
    const count = Number(options.value('c') ?? String(pingsDefault))
    let received = 0
    for (let number = 0; number < count && call.budget.countRound(); number += 1) {
      const answer = answersPing(tools.place, address)
      if (answer === 'yes') {
        received += 1
        call.streams.stdout(
          isBusybox
            ? `64 bytes from ${address}: seq=${number} ttl=62 time=0.100 ms\n`
            : `64 bytes from ${found.name === name && name !== address ? `${name} (${address})` : address}: icmp_seq=${number + 1} ttl=62 time=0.100 ms\n`,
        )
      }
      yield { kind: 'sleep', ms: number < count - 1 ? 1_000 : answer === 'yes' ? roundTripMs : 10_000 }
    }
    const loss = count === 0 ? 0 : Math.round(((count - received) * 100) / count)
    const times =
      received === 0
        ? ''
        : isBusybox
          ? 'round-trip min/avg/max = 0.100/0.100/0.100 ms\n'
          : 'rtt min/avg/max/mdev = 0.100/0.100/0.100/0.000 ms\n'
    call.streams.stdout(
      isBusybox
        ? `\n--- ${name} ping statistics ---\n${count} packets transmitted, ${received} packets received, ${loss}% packet loss\n${times}`
        : `\n--- ${name} ping statistics ---\n${count} packets transmitted, ${received} received, ${loss}% packet loss, time ${Math.max(0, count - 1) * 1_000}ms\n${times}`,
    )
    return received > 0 ? 0 : 1
  }

const netcat = (tools: NetworkTools): Program =>
  function* (call) {
    const options = readOptions(call.args, 'zvnuklw:p:e:', {})
    const [host, portText] = options.words
    const port = Number(portText)
    if (options.has('l')) return complain(call, 'listening is not simulated')
    if (host === undefined || !Number.isInteger(port)) return complain(call, 'usage: nc [-zv] [-w secs] host port')
    const found = yield* resolve(tools, host)
    if (found.kind !== 'found')
      return complain(
        call,
        call.machine.flavour === 'busybox'
          ? `bad address '${host}'`
          : `getaddrinfo for host "${host}" port ${port}: Name or service not known`,
      )
    const [address = ''] = found.addresses
    const given = options.value('w')
    const connection = yield* open(tools, { address, port, patienceMs: given === undefined ? undefined : Number(given) * 1_000 })
    const isBusybox = call.machine.flavour === 'busybox'
    if (connection.kind === 'connected') {
      if (options.has('v'))
        call.streams.stderr(
          isBusybox ? `${host} (${address}:${port}) open\n` : `Connection to ${host} (${address}) ${port} port [tcp/*] succeeded!\n`,
        )
      if (!options.has('z')) {
        const request = /^(GET|HEAD|POST) (\S+)/.exec(call.streams.stdin.rest())
        const response =
          request === null
            ? undefined
            : answerHttp(tools.place.view, connection, { method: request[1] ?? 'GET', target: request[2] ?? '/', host })
        if (response !== undefined) call.streams.stdout(headersText(response) + (request?.[1] === 'HEAD' ? '' : response.body))
      }
      return 0
    }
    const why =
      connection.kind === 'refused'
        ? 'Connection refused'
        : connection.kind === 'unreachable'
          ? tools.library === 'musl'
            ? 'Host is unreachable'
            : 'No route to host'
          : tools.library === 'musl'
            ? 'Operation timed out'
            : 'Connection timed out'
    if (isBusybox && !(options.has('z') && !options.has('v'))) return complain(call, `${host} (${address}:${port}): ${why}`)
    if (!isBusybox && options.has('v')) return complain(call, `connect to ${address} port ${port} (tcp) failed: ${why}`)
    return 1
  }

const telnet = (tools: NetworkTools): Program =>
  function* (call) {
    const [host, portText = '23'] = call.args.filter((word) => !word.startsWith('-'))
    if (host === undefined) return complain(call, 'no host given')
    const found = yield* resolve(tools, host)
    const isBusybox = call.machine.flavour === 'busybox'
    if (found.kind !== 'found')
      return complain(call, isBusybox ? `bad address '${host}'` : `could not resolve ${host}/${portText}: Name or service not known`)
    const [address = ''] = found.addresses
    if (!isBusybox) call.streams.stdout(`Trying ${address}...\n`)
    const connection = yield* open(tools, { address, port: Number(portText), patienceMs: undefined })
    if (connection.kind !== 'connected') {
      const why =
        connection.kind === 'refused'
          ? 'Connection refused'
          : connection.kind === 'unreachable'
            ? 'No route to host'
            : 'Connection timed out'
      return complain(call, isBusybox ? `can't connect to remote host (${address}): ${why}` : `Unable to connect to remote host: ${why}`)
    }
    call.streams.stdout(isBusybox ? `Connected to ${host}\n` : `Connected to ${host}.\nEscape character is '^]'.\n`)
    // Nothing is typed, so the connection is closed at once.
    call.streams.stdout(isBusybox ? 'Connection closed by foreign host\n' : 'Connection closed by foreign host.\n')
    return isBusybox ? 1 : 1
  }

const getent = (tools: NetworkTools): Program =>
  function* (call) {
    const [database, ...names] = call.args
    if (database !== 'hosts' && database !== 'ahosts' && database !== 'ahostsv4') {
      const file = call.files.read(`/etc/${database ?? ''}`)
      if (file === undefined) return complain(call, `Unknown database: ${database ?? ''}`)
      call.streams.stdout(
        names.length === 0
          ? file
          : file
              .split('\n')
              .filter((line) => names.includes(line.split(':')[0] ?? ''))
              .map((line) => `${line}\n`)
              .join(''),
      )
      return 0
    }
    let status = 0
    for (const name of names) {
      const found = yield* resolve(tools, name)
      if (found.kind !== 'found') {
        status = 2
        continue
      }
      for (const address of found.addresses) {
        if (database === 'hosts') call.streams.stdout(`${address.padEnd(15)} ${found.name}\n`)
        else
          for (const [index, type] of ['STREAM', 'DGRAM', 'RAW'].entries())
            call.streams.stdout(`${address.padEnd(15)} ${type}${index === 0 ? ` ${found.name}` : ''}\n`)
      }
    }
    return status
  }

export const networkPrograms = (tools: NetworkTools): Readonly<Record<string, Program>> => ({
  curl: curl(tools),
  getent: getent(tools),
  nc: netcat(tools),
  ncat: netcat(tools),
  ping: ping(tools),
  telnet: telnet(tools),
  wget: wget(tools),
})
