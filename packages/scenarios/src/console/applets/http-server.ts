/** What the program behind a connection answers over HTTP. What is served is data of the image; files are the container's own. */
import { fileSystemOf, hostnameOf, imageBehaviourOf, timestampOf, type SimTime } from '@statefold/core'
import { podOf, type ClusterView, type Connection } from './network.js'

export interface HttpResponse {
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** The day of the week of simulated time: it begins on a Thursday. */
export const weekdayOf = (time: SimTime): string => weekdays[(4 + Math.floor(time / 86_400_000)) % 7] ?? ''
export const monthOf = (stamp: string): string => months[Number(stamp.slice(5, 7)) - 1] ?? ''

/** `Thu, 01 Jan 2026 00:00:10 GMT` */
const httpDate = (time: SimTime): string => {
  const stamp = timestampOf(time)
  return `${weekdayOf(time)}, ${stamp.slice(8, 10)} ${monthOf(stamp)} ${stamp.slice(0, 4)} ${stamp.slice(11, 19)} GMT`
}

/** `nginx:1.25.3-alpine` gives `1.25.3`; a tag that is no number says nothing. */
const versionOfImage = (image: string): string | undefined =>
  /:v?(\d+\.\d+(?:\.\d+)?)(?:[-.]|$)/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1]

const isBefore = (version: string | undefined, major: number, minor: number): boolean => {
  if (version === undefined) return false
  const [first = 0, second = 0] = version.split('.').map(Number)
  return first < major || (first === major && second < minor)
}

/** nginx's own pages. Follows ngx_http_error_*_page and ngx_http_error_tail in src/http/ngx_http_special_response.c. */
const nginxPage = (status: number, server: string, version: string | undefined): string => {
  const title = `${status} ${reasons[status] ?? ''}`
  const body = isBefore(version, 1, 17) ? '<body bgcolor="white">' : '<body>'
  return `<html>\r\n<head><title>${title}</title></head>\r\n${body}\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${server}</center>\r\n</body>\r\n</html>\r\n`
}

const apachePage = (status: number, path: string): string =>
  status === 404
    ? '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n'
    : `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${reasons[status] ?? ''}</title>\n</head><body>\n<h1>${reasons[status] ?? ''}</h1>\n<p>You don't have permission to access ${path} on this server.</p>\n</body></html>\n`

const typeOf = (file: string): string =>
  ({
    html: 'text/html',
    htm: 'text/html',
    txt: 'text/plain',
    css: 'text/css',
    js: 'application/javascript',
    json: 'application/json',
    xml: 'text/xml',
    yaml: 'text/yaml',
  })[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'

/** Undefined: it is no HTTP server (a database, say), so that no sensible answer comes. */
export const answerHttp = (
  view: ClusterView,
  connection: Extract<Connection, { kind: 'connected' }>,
  request: { readonly method: string; readonly target: string; readonly host: string },
): HttpResponse | undefined => {
  const { server, container } = connection
  const world = view.world()
  const pod = podOf(view, server)
  const image = imageBehaviourOf(world, container.image)
  const path = decodedPath(request.target)
  const hostname = pod === undefined ? server.name : hostnameOf(pod)
  const date = httpDate(view.now())
  const plain = (status: number, body: string, serverName: string | undefined): HttpResponse => ({
    status,
    reason: reasons[status] ?? 'Unknown',
    headers: [
      ...(serverName === undefined ? [] : [['Server', serverName] as const]),
      ['Date', date],
      ['Content-Length', String(lengthOf(body))],
      ['Content-Type', body.startsWith('{') ? 'application/json' : /^\s*</.test(body) ? 'text/html' : 'text/plain; charset=utf-8'],
    ],
    body,
  })
  const route = image?.http?.routes?.[path]
  if (route !== undefined)
    return plain(route.status, route.body.replaceAll('{hostname}', hostname).replaceAll('{path}', path), image?.http?.server)
  const root = image?.http?.documentRoot
  if (root === undefined) {
    if (image?.http !== undefined) return plain(404, '404 page not found\n', image.http.server)
    // Differs from Kubernetes: a program that nothing is known of answers with its host name.
    return image?.listens === undefined ? plain(200, `${hostname}\n`, undefined) : undefined
  }
  const software = image?.http?.server ?? 'nginx'
  const isNginx = software.startsWith('nginx')
  const version = versionOfImage(container.image)
  const serverName = isNginx && !software.includes('/') && version !== undefined ? `nginx/${version}` : software
  const files = fileSystemOf(world, view.reader(), server.uid, container.name, pod)
  const page = (status: number): HttpResponse => {
    const body = isNginx ? nginxPage(status, serverName, version) : apachePage(status, path)
    return {
      status,
      reason: reasons[status] ?? '',
      headers: [
        ['Server', serverName],
        ['Date', date],
        ['Content-Type', 'text/html'],
        ['Content-Length', String(lengthOf(body))],
        ['Connection', 'keep-alive'],
      ],
      body,
    }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return page(405)
  const wanted = `${root}${path}`
  const isFolder = files?.list(wanted) !== undefined && files.read(wanted) === undefined
  if (isFolder && !path.endsWith('/')) {
    const moved = page(301)
    return { ...moved, headers: [...moved.headers, ['Location', `http://${request.host}${path}/`]] }
  }
  const file = path.endsWith('/') ? `${wanted}index.html` : wanted
  const content = files?.read(file)
  if (content === undefined) return page(isFolder ? 403 : 404)
  const modified = container.startedAt ?? 0
  return {
    status: 200,
    reason: 'OK',
    headers: [
      ['Server', serverName],
      ['Date', date],
      ['Content-Type', typeOf(file)],
      ['Content-Length', String(lengthOf(content))],
      ['Last-Modified', httpDate(modified)],
      ['Connection', 'keep-alive'],
      ['ETag', `"${(1_767_225_600 + Math.floor(modified / 1_000)).toString(16)}-${lengthOf(content).toString(16)}"`],
      ['Accept-Ranges', 'bytes'],
    ],
    body: content,
  }
}

const decodedPath = (target: string): string => {
  const path = target.split(/[?#]/)[0] ?? '/'
  return path.replace(/%([0-9a-fA-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))).replace(/\/{2,}/g, '/')
}

/** In bytes. */
export const lengthOf = (text: string): number => new TextEncoder().encode(text).length
