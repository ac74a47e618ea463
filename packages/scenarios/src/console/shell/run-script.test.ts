import { describe, expect, it, test } from 'vitest'
import { runInMemory, type MemoryOptions } from './testing/memory-machine.js'

const shown = (text: string, options?: MemoryOptions): string => {
  const { stdout, stderr } = runInMemory(text, options)
  return stdout + stderr
}

describe('words', () => {
  test.each([
    ['echo a   b', 'a b\n'],
    [`echo 'a   b' "c   d"`, 'a   b c   d\n'],
    [`echo it\\'s`, "it's\n"],
    [`echo "a \\"b\\" \\$x \\z"`, 'a "b" $x \\z\n'],
    [`x=1; echo $x "\${x}2" '$x'`, '1 12 $x\n'],
    ['echo ${none:-d} ${none-e} ${none:+f}.', 'd e .\n'],
    ['x=; echo "${x:-d}" "${x-e}" "${x:+f}" "${#x}"', 'd   0\n'],
    ['echo ${x:=5} $x', '5 5\n'],
    ['f=web-0.nginx; echo ${f%.*} ${f##*-} ${f#web-} ${f/nginx/db} ${f:0:3} ${#f}', 'web-0 0.nginx 0.nginx web-0.db web 11\n'],
    ['x="a b"; for w in $x; do echo "<$w>"; done; for w in "$x"; do echo "<$w>"; done', '<a>\n<b>\n<a b>\n'],
    ['set -- a "b c" d; echo $# "$1" "$3"; for w in "$@"; do echo "<$w>"; done', '3 a d\n<a>\n<b c>\n<d>\n'],
    ['set -- a b; echo "$@ $*" ; shift; echo $1 $#', 'a b a b\nb 1\n'],
    ['echo $(echo a; echo b) "$(echo a; echo b)"', 'a b a\nb\n'],
    ['echo `echo x` "`echo \\`echo y\\``"', 'x y\n'],
    ['echo "$(echo "in $(echo deep)")"', 'in deep\n'],
    ['echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((7%2)) $((2**10)) $((1<2 && 3>4)) $((5 > 3 ? 1 : 0))', '7 9 3 1 1024 0 1\n'],
    ['i=4; echo $((i++)) $i $((i+=10)) $i $(($i*2))', '4 5 15 15 30\n'],
    ['echo {0..2} {a,b}c x{1..3}y {3..1} {a..c} {01..03} {0..10..5}', '0 1 2 ac bc x1y x2y x3y 3 2 1 a b c 01 02 03 0 5 10\n'],
    ['echo "{0..2}" {a} {a,b', '{0..2} {a} {a,b\n'],
    ['IFS=,; x=a,b,,c; for w in $x; do echo "<$w>"; done', '<a>\n<b>\n<>\n<c>\n'],
    ['echo ~ ~/x a~', '/work /work/x a~\n'],
    [`echo $'a\\tb'`, 'a\tb\n'],
    ['echo a#b # a comment', 'a#b\n'],
    ['echo one \\\n  two', 'one two\n'],
  ])('%s', (text, output) => {
    expect(shown(text)).toBe(output)
  })

  it('does not expand braces in a shell that is no bash', () => {
    expect(shown('echo {0..2}', { flavour: 'busybox' })).toBe('{0..2}\n')
    expect(shown('echo {0..2}', { flavour: 'dash' })).toBe('{0..2}\n')
  })
})

describe('globs', () => {
  const files = { '/work/a.yaml': '', '/work/b.yaml': '', '/work/c.txt': '', '/work/sub/d.yaml': '', '/work/.hidden': '' }
  test.each([
    ['echo *.yaml', 'a.yaml b.yaml\n'],
    ['echo */*.yaml /work/?.txt', 'sub/d.yaml /work/c.txt\n'],
    ['echo [ab].yaml [!a].yaml', 'a.yaml b.yaml b.yaml\n'],
    ['echo *.none "*.yaml" \\*', '*.none *.yaml *\n'],
    ['echo *', 'a.yaml b.yaml c.txt sub\n'],
    ['for f in *.yaml; do echo "file $f"; done', 'file a.yaml\nfile b.yaml\n'],
    ['cd sub && echo * && pwd && cd .. && cd - ', 'd.yaml\n/work/sub\n/work/sub\n'],
    ['set -f; echo *', '*\n'],
  ])('%s', (text, output) => {
    expect(shown(text, { files })).toBe(output)
  })
})

describe('commands', () => {
  test.each([
    ['true && echo yes || echo no', 'yes\n'],
    ['false && echo yes || echo no', 'no\n'],
    ['! false && echo yes', 'yes\n'],
    ['false; echo $?; true; echo $?', '1\n0\n'],
    ['if false; then echo a; elif true; then echo b; else echo c; fi', 'b\n'],
    ['if [ 1 -gt 2 ]; then echo a; else echo c; fi', 'c\n'],
    ['for i in 0 1 2; do echo web-$i; done', 'web-0\nweb-1\nweb-2\n'],
    ['for i in $(seq 0 2)\ndo\n  echo $i\ndone', '0\n1\n2\n'],
    ['i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done', '0\n1\n2\n'],
    ['i=0; until [ $i -eq 2 ]; do i=$((i+1)); done; echo $i', '2\n'],
    ['seq 0 2 | while read i; do echo "n$i"; done', 'n0\nn1\nn2\n'],
    ['for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; if [ $i = 4 ]; then break; fi; echo $i; done', '1\n3\n'],
    ['for i in 1 2; do for j in 1 2; do if [ $j = 2 ]; then continue 2; fi; echo $i$j; done; done', '11\n21\n'],
    ['case web-0 in db-*) echo db;; web-?|x) echo web;; *) echo other;; esac', 'web\n'],
    ['case $x in "") echo empty;; esac', 'empty\n'],
    ['{ echo a; echo b; } | wc -l', '2\n'],
    ['(x=2; echo $x); echo "<$x>"', '2\n<>\n'],
    ['x=1; echo a | { read y; x=$y; }; echo $x', '1\n'],
    ['X=5 env | grep ^X=; echo "<$X>"', 'X=5\n<>\n'],
    ['export A=1; B=2; env | grep -E "^[AB]="', 'A=1\n'],
    ['eval "echo a; echo b"', 'a\nb\n'],
    ["sh -c 'echo $0 $1' name arg", 'name arg\n'],
    ['sh -c "exit 3"; echo $?', '3\n'],
    ['exit 4; echo never', ''],
    ['set -e; false; echo never', ''],
    ['set -e; if false; then :; fi; false || true; echo on', 'on\n'],
    ['echo "a b  c" | { read x y; echo "<$x><$y>"; }', '<a><b  c>\n'],
    ['read x <<EOF\nline\nEOF\necho $x', 'line\n'],
    ['alias k=echo; k hi', 'hi\n'],
    ['[ -n "" ] || echo empty; [ a = a -a 1 -lt 2 ] && echo both; test -z "" && echo z', 'empty\nboth\nz\n'],
    ['[[ web-0 == web-* ]] && echo match', 'match\n'],
    ['printf "%s=%d\\n" a 1 b 2; printf "%-5s|%03d|%5.1f|%%\\n" ab 7 2.25', 'a=1\nb=2\nab   |007|  2.3|%\n'],
    ['command -v kubectl || echo none; type cd', 'none\ncd is a shell builtin\n'],
    ['while read -r a b; do echo "$b $a"; done <<EOF\n1 one\n2 two\nEOF', 'one 1\ntwo 2\n'],
  ])('%s', (text, output) => {
    expect(shown(text)).toBe(output)
  })
})

describe('redirects', () => {
  it('writes, appends and reads', () => {
    const { files, stdout } = runInMemory(
      'echo a > f; echo b >> f; cat < f; echo err 2>/dev/null >&2; ls missing 2> e; cat e | wc -l; echo both > g 2>&1',
    )
    expect(stdout).toBe('a\nb\n1\n')
    expect(files).toMatchObject({ '/work/f': 'a\nb\n', '/work/g': 'both\n' })
  })

  it('empties the file before the command reads it, and shows what was written so far', () => {
    expect(runInMemory('echo a > f; cat f > f; wc -c f').stdout).toBe('0 f\n')
    expect(runInMemory('{ echo a; cat f; } > f; cat f').stdout).toBe('a\na\n')
  })

  it('takes here-documents', () => {
    expect(shown('x=1; cat <<EOF\n"$x" $(echo "2") \\$x\nEOF')).toBe('"1" 2 $x\n')
    expect(shown("cat <<'EOF'\n$x $(no)\nEOF")).toBe('$x $(no)\n')
    expect(shown('cat <<-EOF | tr a b\n\taaa\n\tEOF')).toBe('bbb\n')
    expect(shown('cat <<A; cat <<B\none\nA\ntwo\nB')).toBe('one\ntwo\n')
    expect(shown('cat > f <<EOF\nkind: Pod\nEOF\ncat f')).toBe('kind: Pod\n')
    expect(shown('cat <<< "word"')).toBe('word\n')
  })

  test.each([
    ['bash', 'bash: line 1: /no/f: No such file or directory\n'],
    ['dash', 'sh: 1: cannot create /no/f: Directory nonexistent\n'],
    ['busybox', "sh: can't create /no/f: nonexistent directory\n"],
  ] as const)('says why a file cannot be made, in %s', (flavour, message) => {
    expect(shown('echo a > /no/f', { flavour })).toBe(message)
  })
})

describe('what is not there', () => {
  test.each([
    ['bash', 'bash: line 1: frob: command not found\n'],
    ['dash', 'sh: 1: frob: not found\n'],
    ['busybox', 'sh: frob: not found\n'],
  ] as const)('is said as %s says it', (flavour, message) => {
    const { exit, stderr } = runInMemory('frob', { flavour })
    expect({ exit, stderr }).toEqual({ exit: 127, stderr: message })
  })

  test.each([
    ['sleep 5 &', 'background jobs'],
    ['f() { :; }', 'functions are not simulated'],
    ['for ((i=0;i<2;i++)); do :; done', 'for i in $(seq 0 2)'],
    ['a=(1 2)', 'arrays are not simulated'],
    ['if true; then', 'unexpected end of file'],
    ['echo )', 'syntax error: unexpected ")"'],
    ['done', 'syntax error: unexpected "done"'],
    [`echo "open`, 'unterminated quoted string'],
    ['echo $((1/0))', 'divide by zero'],
    ['set -u; echo $none', 'none: unbound variable'],
    ['echo ${none:?is needed}', 'none: is needed'],
  ])('%s is refused clearly', (text, words) => {
    const { exit, stderr } = runInMemory(text)
    expect(stderr).toContain(words)
    expect(exit).not.toBe(0)
  })
})

describe('time', () => {
  it('passes while a line sleeps', () => {
    expect(runInMemory('for i in 1 2 3; do sleep 2; done; date +%T')).toMatchObject({ sleptMs: 6_000, stdout: '00:01:07\n' })
    expect(runInMemory('sleep 0.5; sleep 1m').sleptMs).toBe(60_500)
  })
  it('ends what takes too long', () => {
    expect(runInMemory('timeout 3 sleep 10; echo $?')).toMatchObject({ sleptMs: 3_000, stdout: '124\n' })
  })
})

describe('bounds', () => {
  test.each([
    ['while true; do :; done', 'too many rounds of loops'],
    ['x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; echo $x; done', 'too much output'],
    ['f=$0; eval "$(printf %s \'g="$(eval "$g")"\')"; g=\'eval "$g"\'; eval "$g"', 'shells nested too deeply'],
  ])('%s ends with a name', (text, reached) => {
    expect(runInMemory(text).reached).toBe(reached)
  })
})
