import { describe, expect, it, test } from 'vitest'
import { compareOutput } from './compare-output.js'
import { parseTranscript } from './parse-transcript.js'
import { runTranscript, type TranscriptTerminal } from './run-transcript.js'

const lines = (text: string) => text.split('\n').map((line, index) => ({ line: index + 2, text: line }))
const differences = (expected: string, shown: string, anyOrder = false) => compareOutput('c', 1, lines(expected), shown, anyOrder)

describe('reading', () => {
  test.each([
    ['$ kubectl get pods', '$', 'kubectl get pods'],
    ['\\$ kubectl get pods', '$', 'kubectl get pods'],
    ['➜ kubectl get pod   ', '➜', 'kubectl get pod'],
    ['➜  ~ kubectl get pod', '➜ ~', 'kubectl get pod'],
    ['[root@master ~]# ls', '[root@master ~]#', 'ls'],
    ['[root@k8s-master01 statefulset]# ls', '[root@k8s-master01 statefulset]#', 'ls'],
    ['root@web-0:/# ls', 'root@web-0:/#', 'ls'],
    ['user@laptop:~/k8s$ ls', 'user@laptop:~/k8s$', 'ls'],
    ['/ # nslookup nginx', '/ #', 'nslookup nginx'],
    ['/app # ls', '/app #', 'ls'],
    ['~ # ls', '~ #', 'ls'],
    ['bash-5.1# ls', 'bash-5.1#', 'ls'],
    ['# ls', '#', 'ls'],
  ])('%s', (text, prompt, command) => {
    expect(parseTranscript(text)).toMatchObject([{ line: 1, prompt, command }])
  })

  it('keeps together what is one command', () => {
    const text =
      '$ cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF\npod/a created\n$ for i in 0 1; do\n> echo $i\n> done\n0\n1\n$ kubectl get pods \\\n    -l app=nginx\nNAME\n'
    expect(
      parseTranscript(text).map(({ command, expected }) => [command, expected.map(({ text: line }) => line).filter((line) => line !== '')]),
    ).toEqual([
      ['cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF', ['pod/a created']],
      ['for i in 0 1; do\necho $i\ndone', ['0', '1']],
      ['kubectl get pods \\\n    -l app=nginx', ['NAME']],
    ])
  })
})

describe('comparing', () => {
  test.each([
    ['the same', 'a b', 'a b\n'],
    ['blanks', 'NAME    READY', 'NAME  READY   \n'],
    ['tabs', 'Server:     10.96.0.10', 'Server:\t\t10.96.0.10\n'],
    ['empty lines', 'a\n\nb\n\n', 'a\nb\n\n\n'],
    ['part of a line', 'pvc-…   1Gi', 'pvc-12-ab 1Gi\n'],
    ['any lines', 'a\n…\nd', 'a\nb\nc\nd\n'],
    ['no lines', 'a\n…', 'a\n'],
    ['the rest', '…\nlast', 'x\nlast\n'],
    ['ages in tables', 'NAME AGE\nweb-0 9s', 'NAME AGE\nweb-0 4m12s\n'],
    ['ages of restarts', 'NAME RESTARTS AGE\nweb-0 1 (5s ago) 9s', 'NAME RESTARTS AGE\nweb-0 1 (2m ago) 4m12s\n'],
  ])('%s', (_name, expected, shown) => {
    expect(differences(expected, shown)).toEqual([])
  })

  test.each([
    ['another word', 'a\nb', 'a\nc\n', [{ line: 3, expected: 'b', found: 'c' }]],
    ['a line that is missing', 'a\nb', 'a\n', [{ line: 3, expected: 'b', found: '' }]],
    ['a line too many', 'a', 'a\nb\n', [{ line: 2, expected: '', found: 'b' }]],
    [
      'another order',
      'a\nb',
      'b\na\n',
      [
        { line: 2, expected: 'a', found: 'b' },
        { line: 3, expected: 'b', found: 'a' },
      ],
    ],
    ['times outside tables', 'took 9s', 'took 8s\n', [{ line: 2, expected: 'took 9s', found: 'took 8s' }]],
  ])('%s', (_name, expected, shown, mismatches) => {
    expect(differences(expected, shown)).toEqual(mismatches.map((mismatch) => ({ command: 'c', ...mismatch })))
  })

  it('forgives order where told', () => {
    expect(differences('a\nb', 'b\na\n', true)).toEqual([])
    expect(differences('a\nb', 'b\nc\n', true)).toEqual([
      { line: 2, command: 'c', expected: 'a', found: '' },
      { line: 3, command: 'c', expected: '', found: 'c' },
    ])
  })
})

describe('running', () => {
  /** A terminal that answers with the line, and takes `in` and `exit` as the way in and out of a container. */
  const terminal = (name: string, heard: string[]): TranscriptTerminal => {
    let depth = 0
    return {
      run: (line) => {
        heard.push(`${name}: ${line}`)
        if (line === 'in') depth += 1
        if (line === 'exit') depth -= 1
        return { exit: line === 'fail' ? 1 : 0, shown: line === 'in' ? '' : `${line}\n` }
      },
      depth: () => depth,
      prompt: () => (depth > 0 ? '/ # ' : '$ '),
    }
  }
  const run = (text: string) => {
    const heard: string[] = []
    let opened = 0
    const result = runTranscript(
      { first: terminal('first', heard), open: () => terminal(`other${(opened += 1)}`, heard), now: () => 0 },
      text,
    )
    return { heard, result }
  }

  it('tells terminals apart by their prompts', () => {
    const { heard } = run('➜ in\n/ # inside\n➜ outside\n/ # again\n/ # exit\n➜ back')
    expect(heard).toEqual(['first: in', 'first: inside', 'other1: outside', 'first: again', 'first: exit', 'first: back'])
  })

  it('reports with line numbers', () => {
    const { result } = run('$ a\nb\n\n# a comment\n$ c\n$ fail\n/ # nowhere')
    expect(result.passed).toBe(false)
    expect(result.mismatches).toEqual([
      { line: 2, command: 'a', expected: 'b', found: 'a' },
      { line: 6, command: 'fail', expected: '', found: 'exit 1: fail' },
      {
        line: 7,
        command: 'nowhere',
        expected: '/ # nowhere',
        found: 'no shell in a container is open: begin with kubectl exec -it … -- sh',
      },
    ])
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })
})
