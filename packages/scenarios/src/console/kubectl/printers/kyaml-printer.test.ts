import { describe, expect, it } from 'vitest'
import { kyamlText } from './kyaml-printer.js'

describe('KYAML as kubectl v1.36.3 printed it', () => {
  it('quotes texts, folds lines and leaves plain keys alone', () =>
    expect(
      kyamlText({
        data: {
          '.dot': 'é',
          '1.5': ' sp\tace',
          '2026-01-01': 'x',
          a: 'one\n  two "q"\nthree',
          'a-b': '1',
          b: 'x\n',
          c: '\n\nq\\',
          empty: '',
          yes: 'no',
        },
      }),
    ).toBe(String.raw`---
{
  data: {
    ".dot": "é",
    "1.5": " sp\tace",
    "2026-01-01": "x",
    a: "\
       one\n\
      \  two \"q\"\n\
       three\
      ",
    a-b: "1",
    b: "\
       x\n\
      ",
    c: "\
       \n\
       \n\
       q\\\
      ",
    empty: "",
    "yes": "no",
  },
}
`))
  it('lets structures share the lines of their list, and gives texts lines of their own', () =>
    expect(
      kyamlText({
        spec: {
          containers: [
            { command: ['sh', '-c', 'x\ny'], name: 'a', resources: {} },
            { name: 'b', ports: [] },
          ],
          replicas: 1,
          paused: false,
        },
      }),
    ).toBe(String.raw`---
{
  spec: {
    containers: [{
      command: [
        "sh",
        "-c",
        "\
           x\n\
           y\
          ",
      ],
      name: "a",
      resources: {},
    }, {
      name: "b",
      ports: [],
    }],
    paused: false,
    replicas: 1,
  },
}
`))
})
