/**
 * What label keys and values may look like, with the complaints of the server. Follows IsLabelKey and IsLabelValue in
 * apimachinery/pkg/api/validate/content/kube.go. Each function gives all complaints; none means valid.
 */
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const qualifiedNameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const partLengthMax = 63
const subdomainLengthMax = 253
const tooLong = (bytes: number): string => `must be no more than ${bytes} bytes`

const subdomainErrors = (value: string): readonly string[] => [
  ...(value.length > subdomainLengthMax ? [tooLong(subdomainLengthMax)] : []),
  ...(subdomain.test(value) ? [] : [subdomainRule]),
]

/** `app`, `app.kubernetes.io/name`. */
export const labelKeyErrors = (key: string): readonly string[] => {
  const parts = key.split('/')
  const [first = '', second] = parts
  if (parts.length > 2)
    return [`a valid label key ${qualifiedNameRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const name = second ?? first
  const prefixErrors = second === undefined ? [] : first === '' ? ['must be non-empty'] : subdomainErrors(first)
  const nameErrors =
    name === ''
      ? ['must be non-empty', qualifiedNameRule]
      : [...(name.length > partLengthMax ? [tooLong(partLengthMax)] : []), ...(qualifiedName.test(name) ? [] : [qualifiedNameRule])]
  return [...prefixErrors.map((error) => `prefix part ${error}`), ...nameErrors.map((error) => `name part ${error}`)]
}

export const labelValueErrors = (value: string): readonly string[] => [
  ...(value.length > partLengthMax ? [tooLong(partLengthMax)] : []),
  ...(value === '' || qualifiedName.test(value) ? [] : [labelValueRule]),
]
