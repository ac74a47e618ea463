/** `statefold completion bash | zsh | fish`: from the program's own list of subcommands and flags. */
export interface CompletedCommand {
  readonly name: string
  readonly description: string
  readonly flags: readonly string[]
  readonly subcommands: readonly string[]
  /** What its arguments may be, besides files. */
  readonly names: readonly string[]
}

export type CompletedShell = 'bash' | 'zsh' | 'fish'
export const completedShells: readonly CompletedShell[] = ['bash', 'zsh', 'fish']

const quote = (text: string): string => text.replaceAll("'", '’')

const bash = (commands: readonly CompletedCommand[]): string => `# statefold completion for bash: source <(statefold completion bash)
_statefold() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  case "$command" in
${commands
  .map(
    ({ name, flags, subcommands, names }) =>
      `    ${name}) if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "${flags.join(' ')}" -- "$word")); else COMPREPLY=($(compgen -W "${[...subcommands, ...names].join(' ')}" -- "$word") $(compgen -f -- "$word")); fi ;;`,
  )
  .join('\n')}
  esac
}
complete -o filenames -F _statefold statefold
`

const zsh = (commands: readonly CompletedCommand[]): string => `#compdef statefold
# statefold completion for zsh: statefold completion zsh > "\${fpath[1]}/_statefold"
_statefold() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    '${name}:${quote(description)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'subcommand' commands
    return
  fi
  local subcommand="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$subcommand" in
${commands
  .map(({ name, flags, subcommands, names }) => {
    const first = subcommands.length === 0 ? [] : [`'1:subcommand:(${subcommands.join(' ')})'`]
    const rest =
      names.length === 0
        ? "'*:file:_files'"
        : `'*:scenario or file:_alternative "scenarios\\:scenario\\:(${names.join(' ')})" "files\\:file\\:_files"'`
    return `    ${name}) _arguments ${[...flags.map((flag) => `'${flag}'`), ...first, rest].join(' ')} ;;`
  })
  .join('\n')}
  esac
}
_statefold "$@"
`

const fish = (commands: readonly CompletedCommand[]): string =>
  `# statefold completion for fish: statefold completion fish > ~/.config/fish/completions/statefold.fish
${commands
  .flatMap(({ name, description, flags, subcommands, names }) => [
    `complete -c statefold -n __fish_use_subcommand -a ${name} -d '${quote(description)}'`,
    ...flags.map((flag) => `complete -c statefold -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')}`),
    ...[...subcommands, ...names].map((word) => `complete -c statefold -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
  ])
  .join('\n')}
`

export const completionScript = (shell: CompletedShell, commands: readonly CompletedCommand[]): string =>
  shell === 'bash' ? bash(commands) : shell === 'zsh' ? zsh(commands) : fish(commands)
