import { describe, expect, it, test } from 'vitest'
import { runInMemory } from '../shell/testing/memory-machine.js'

const pods = 'NAME    READY   STATUS\nweb-0   1/1     Running\nweb-1   0/1     Pending\ndb-0    1/1     Running\n'
const files = {
  '/work/pods': pods,
  '/work/list': 'b 2\na 10\nc 1\na 10\n',
  '/work/index.html': 'hello\n',
  '/work/sub/deep/f': 'x',
  '/work/.secret': 's',
}

const shown = (text: string, flavour: 'busybox' | 'dash' | 'bash' = 'dash'): string => {
  const { stdout, stderr } = runInMemory(text, { files, flavour })
  return stdout + stderr
}

describe('text', () => {
  test.each([
    ['cat index.html index.html', 'hello\nhello\n'],
    ['cat -n list | head -1', '     1\tb 2\n'],
    ['head -2 pods | tail -n 1', 'web-0   1/1     Running\n'],
    ['tail -n +3 pods', 'web-1   0/1     Pending\ndb-0    1/1     Running\n'],
    ['head -c 4 pods', 'NAME'],
    ['wc -l pods; wc -l < pods', '4 pods\n4\n'],
    ['grep web pods', 'web-0   1/1     Running\nweb-1   0/1     Pending\n'],
    ['grep -v web pods | grep -c Running', '1\n'],
    ['grep -i RUNNING pods | wc -l', '2\n'],
    ['grep -oE "[a-z]+-[0-9]" pods', 'web-0\nweb-1\ndb-0\n'],
    ['grep -E "^(web-1|db)" pods', 'web-1   0/1     Pending\ndb-0    1/1     Running\n'],
    ['grep -n "web-\\(0\\|9\\)" pods', '2:web-0   1/1     Running\n'],
    ['grep -q nothing pods; echo $?; grep -q web pods; echo $?', '1\n0\n'],
    ['grep -A1 web-1 pods', 'web-1   0/1     Pending\ndb-0    1/1     Running\n'],
    ['grep hello index.html pods', 'index.html:hello\n'],
    ['sed "s/web/WEB/g" pods | sed -n 2p', 'WEB-0   1/1     Running\n'],
    ['sed -n "2,3p" pods | wc -l', '2\n'],
    ['sed "1d;/Pending/d" pods', 'web-0   1/1     Running\ndb-0    1/1     Running\n'],
    ['sed "$ d" list', 'b 2\na 10\nc 1\n'],
    ['sed -E "s/([a-z]) ([0-9]+)/\\2-\\1/" list | head -1', '2-b\n'],
    ['sed "s|hello|/a/b|" index.html', '/a/b\n'],
    ['sed "s/l/[&]/2" index.html', 'hel[l]o\n'],
    ['sed -i s/hello/bye/ index.html; cat index.html', 'bye\n'],
    ["awk '{print $1}' pods", 'NAME\nweb-0\nweb-1\ndb-0\n'],
    ["awk 'NR>1 {print $1, $3}' pods", 'web-0 Running\nweb-1 Pending\ndb-0 Running\n'],
    ['awk \'$3 == "Running" {count++} END {print count}\' pods', '2\n'],
    ['awk \'/web/ {print NR ":" $NF}\' pods', '2:Running\n3:Pending\n'],
    ["awk -F- '{print $2}' pods | tail -1", '0    1/1     Running\n'],
    ['echo a:b:c | awk -F: \'{print $3; $2="x"; print}\'', 'c\na x c\n'],
    ["awk 'NR>1 {n[$3]++} END {for (s in n) print s, n[s]}' pods | sort", 'Pending 1\nRunning 2\n'],
    ['awk \'BEGIN {printf "%s-%d\\n", "a", 3.7; print length("abc"), substr("hello", 2, 3), toupper("x")}\'', 'a-3\n3 ell X\n'],
    ['awk \'{sub(/web/, "w"); if ($2 ~ /^1/) print $1; else next}\' pods', 'w-0\ndb-0\n'],
    ['cut -d" " -f1 list', 'b\na\nc\na\n'],
    ['echo a:b:c | cut -d: -f1,3; echo hello | cut -c2-3', 'a:c\nel\n'],
    ['sort list', 'a 10\na 10\nb 2\nc 1\n'],
    ['sort -u list | sort -k2 -n', 'c 1\nb 2\na 10\n'],
    ['sort -r list | uniq -c', '      1 c 1\n      1 b 2\n      2 a 10\n'],
    ['printf "pod-10\\npod-9\\n" | sort -V', 'pod-9\npod-10\n'],
    ['echo hello | tr a-z A-Z; echo "a  b" | tr -s " "; echo a1b2 | tr -d 0-9; echo "a b" | tr " " "\\n"', 'HELLO\na b\nab\na\nb\n'],
    ['seq 3; seq 2 3; seq 0 5 10; seq -s, 3; seq -w 9 10', '1\n2\n3\n2\n3\n0\n5\n10\n1,2,3\n09\n10\n'],
    ['echo x | tee f; cat f; echo y | tee -a f > /dev/null; wc -l < f', 'x\nx\n2\n'],
    ['seq 3 | xargs; seq 3 | xargs -n1 echo n; echo "a b" | xargs -I{} echo "<{}>"', '1 2 3\nn 1\nn 2\nn 3\n<a b>\n'],
    ['echo -n secret | base64; echo c2VjcmV0 | base64 -d', 'c2VjcmV0\nsecret'],
  ])('%s', (text, output) => {
    expect(shown(text)).toBe(output)
  })
})

describe('files', () => {
  test.each([
    ['ls', 'index.html\nlist\npods\nsub\n'],
    ['ls -a | head -3', '.\n..\n.secret\n'],
    ['ls -l index.html', '-rw-r--r-- 1 root root    6 Jan  1 00:00 index.html\n'],
    ['ls sub pods', 'pods\n\nsub:\ndeep\n'],
    ['ls none; echo $?', "2\nls: cannot access 'none': No such file or directory\n"],
    ['mkdir -p a/b && touch a/b/c && find a', 'a\na/b\na/b/c\n'],
    ['mkdir a a; echo $?', "1\nmkdir: cannot create directory 'a': File exists\n"],
    ['rm index.html && ls', 'list\npods\nsub\n'],
    ['rm sub', "rm: cannot remove 'sub': Is a directory\n"],
    ['rm -rf sub none && ls', 'index.html\nlist\npods\n'],
    ['cp index.html copy && mv copy sub/ && cat sub/copy && ls copy', "hello\nls: cannot access 'copy': No such file or directory\n"],
    ['cp -r sub sub2 && cat sub2/deep/f', 'x'],
    ['cat none', 'cat: none: No such file or directory\n'],
    ['basename /a/b.txt .txt; dirname /a/b.txt', 'b\n/a\n'],
    ['dd if=/dev/zero of=f bs=1k count=2 2>/dev/null; wc -c < f; truncate -s 5 f; wc -c < f', '2048\n5\n'],
    ['[ -f pods ] && [ -d sub ] && [ ! -e none ] && [ -s pods ] && echo yes', 'yes\n'],
    ['diff index.html list; echo $?', '1c1,4\n< hello\n---\n> b 2\n> a 10\n> c 1\n> a 10\n1\n'],
  ])('%s', (text, output) => {
    expect(shown(text)).toBe(output)
  })

  it("speaks busybox's words in busybox", () => {
    expect(shown('cat none; ls none; rm none; ls -l index.html', 'busybox')).toBe(
      "-rw-r--r--    1 root     root             6 Jan  1 00:00 index.html\ncat: can't open 'none': No such file or directory\nls: none: No such file or directory\nrm: can't remove 'none': No such file or directory\n",
    )
  })
})

describe('system', () => {
  test.each([
    ['hostname; hostname -f; hostname -i; hostname -s', 'web-0\nweb-0.nginx.default.svc.cluster.local\n10.244.0.2\nweb-0\n'],
    ['date; date +%s; date "+%F %T"', 'Thu Jan  1 00:01:01 UTC 2026\n1767225661\n2026-01-01 00:01:01\n'],
    ['id -u; whoami', '0\nroot\n'],
    ['uname -sr', 'Linux 6.12.0\n'],
    ['env -i A=1 env; printenv HOME', 'A=1\n/work\n'],
    ['kill 99', 'kill: (99) - No such process\n'],
  ])('%s', (text, output) => {
    expect(shown(text)).toBe(output)
  })

  it('shows processes as the userland does', () => {
    expect(shown('ps', 'busybox')).toBe(
      'PID   USER     TIME  COMMAND\n    1 root      0:00 nginx: master process nginx -g daemon off;\n  100 root      0:00 ps\n',
    )
  })
})
