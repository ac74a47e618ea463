/** The forms of names, labels, ports and addresses, with the server's sentences. Follows apimachinery/pkg/util/validation/validation.go. */
import { rememberedText } from '../../kernel/remembered-text.js'
import { invalidValue, type Errors } from './field-errors.js'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const subdomainWithUnderscore = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/
const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/** What is wrong with a text; empty: nothing. */
export type Complaints = readonly string[]

const nothing: Complaints = []

const labelSentence =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const subdomainSentence =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const underscoreSentence =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
const qualifiedSentence =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const labelValueSentence =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const isSubdomain = (text: string): boolean => subdomain.test(text)

/** Follows IsDNS1123Label: a subdomain that is no label has too many dots, which is said in fewer words. */
export const dnsLabel = (text: string): Complaints => {
  if (text.length <= 63 && label.test(text)) return nothing
  const complaints: string[] = []
  if (text.length > 63) complaints.push('must be no more than 63 characters')
  if (!label.test(text)) complaints.push(isSubdomain(text) ? 'must not contain dots' : labelSentence)
  return complaints
}

/** Follows IsDNS1123Subdomain. */
export const dnsSubdomain = (text: string): Complaints => {
  if (text.length <= 253 && isSubdomain(text)) return nothing
  return [...(text.length > 253 ? ['must be no more than 253 characters'] : []), ...(isSubdomain(text) ? [] : [subdomainSentence])]
}

export const dnsSubdomainWithUnderscore = (text: string): Complaints => [
  ...(text.length > 253 ? ['must be no more than 253 characters'] : []),
  ...(subdomainWithUnderscore.test(text) ? [] : [underscoreSentence]),
]

const judgeQualifiedName = (text: string): Complaints => {
  const parts = text.split('/')
  const complaints: string[] = []
  const name = parts.length === 2 ? (parts[1] ?? '') : text
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (prefix === '') complaints.push('prefix part must be non-empty')
    else complaints.push(...dnsSubdomain(prefix).map((complaint) => `prefix part ${complaint}`))
  } else if (parts.length > 2) {
    return [`a valid label key ${qualifiedSentence} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  if (name === '') complaints.push('name part must be non-empty')
  else if (name.length > 63) complaints.push('name part must be no more than 63 bytes')
  if (!qualifiedPart.test(name)) complaints.push(`name part ${qualifiedSentence}`)
  return complaints.length === 0 ? nothing : complaints
}

/** Follows IsQualifiedName. Most label keys and values come again and again. */
export const qualifiedName = rememberedText(judgeQualifiedName)

/** Follows IsValidLabelValue. */
export const labelValueOf = (text: string): Complaints => {
  if (text.length <= 63 && labelValue.test(text)) return nothing
  return [...(text.length > 63 ? ['must be no more than 63 bytes'] : []), ...(labelValue.test(text) ? [] : [labelValueSentence])]
}

/** Follows IsValidPortNum. */
export const portNumber = (port: number): Complaints => (port >= 1 && port <= 65_535 ? nothing : ['must be between 1 and 65535, inclusive'])

/** Follows IsValidPortName. */
export const portName = (text: string): Complaints => {
  const complaints: string[] = []
  if (text.length > 15) complaints.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(text)) complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(text)) complaints.push('must contain at least one letter (a-z)')
  if (text.includes('--')) complaints.push('must not contain consecutive hyphens')
  if (text !== '' && (text.startsWith('-') || text.endsWith('-'))) complaints.push('must not begin or end with a hyphen')
  return complaints
}

/** Follows IsRelaxedEnvVarName. */
export const variableName = (text: string): Complaints =>
  text !== '' && /^[\x20-\x3c\x3e-\x7e]+$/.test(text)
    ? nothing
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

/** Follows IsConfigMapKey. */
export const configKey = (text: string): Complaints => {
  const complaints: string[] = []
  if (text.length > 253) complaints.push('must be no more than 253 characters')
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) {
    complaints.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    )
  }
  if (text === '.') complaints.push("must not be '.'")
  else if (text === '..') complaints.push("must not be '..'")
  else if (text.startsWith('..')) complaints.push("must not start with '..'")
  return complaints
}

/** Follows IsHTTPHeaderName. */
export const headerName = (text: string): Complaints =>
  /^[-A-Za-z0-9]+$/.test(text)
    ? nothing
    : [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ]

export const percentSentence =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

const isIpv4 = (text: string): boolean => {
  const match = ipv4.exec(text)
  return match !== null && [1, 2, 3, 4].every((index) => Number(match[index]) <= 255)
}

const isIpv6 = (text: string): boolean => {
  if (!text.includes(':') || !/^[0-9a-fA-F:.]+$/.test(text)) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  let groups = 0
  for (const half of halves) {
    if (half === '') continue
    const parts = half.split(':')
    for (const [index, part] of parts.entries()) {
      if (part.includes('.')) {
        if (index !== parts.length - 1 || !isIpv4(part)) return false
        groups += 2
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups += 1
      else return false
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}

export const ipFamilyOf = (text: string): 'IPv4' | 'IPv6' | undefined => (isIpv4(text) ? 'IPv4' : isIpv6(text) ? 'IPv6' : undefined)

/** Follows IsValidIP. */
export const ipAddress = (text: string): Complaints =>
  ipFamilyOf(text) === undefined ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : nothing

/** Follows IsValidCIDR. */
export const cidr = (text: string): Complaints => {
  const [address = '', bits = ''] = text.split('/')
  const family = ipFamilyOf(address)
  const valid =
    family !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 'IPv4' ? 32 : 128) && text.split('/').length === 2
  return valid ? nothing : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}

/** Follows ValidateNonSpecialIP. */
export const ordinaryAddress = (text: string): Complaints => {
  if (text === '0.0.0.0' || text === '::') return ['may not be unspecified (0.0.0.0 or ::)']
  if (text.startsWith('127.') || text === '::1') return ['may not be in the loopback range (127.0.0.0/8, ::1/128)']
  if (text.startsWith('169.254.') || /^fe[89ab]/i.test(text)) return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']
  if (text.startsWith('224.0.0.') || /^ff02:/i.test(text)) return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']
  return nothing
}

/** Adds one error for each complaint. */
export const complain = (errors: Errors, field: string, value: string, complaints: Complaints): void => {
  for (const complaint of complaints) errors.push(invalidValue(field, value, complaint))
}

/** A name that will get a suffix may end in a dash. Follows maskTrailingDash. */
export const asPrefix = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name)
