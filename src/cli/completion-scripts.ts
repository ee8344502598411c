import type { commands } from "./commands.ts";

export type Shell = (typeof commands)["completion"]["operands"]["choices"][number];

/** What the scripts ask: this, the shell's name, and the words up to the cursor without the program's. */
export const GET_COMPLETIONS = "--get-completions";

/** Where nothing is offered, a path belongs, which the shell completes itself. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for pt2lint: pt2lint completion bash >> ~/.bashrc
_pt2lint() {
  local IFS=$'\\n'
  COMPREPLY=($("$1" ${GET_COMPLETIONS} bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -o bashdefault -o default -F _pt2lint pt2lint
`,
  zsh: `#compdef pt2lint
# zsh completion for pt2lint: pt2lint completion zsh >> ~/.zshrc
_pt2lint() {
  local -a found open closed
  found=(\${(f)"$("\${words[1]}" ${GET_COMPLETIONS} zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
  if (( ! $#found )); then
    compset -P '--*='
    _files
    return
  fi
  open=(\${(M)found:#*=})
  closed=(\${found:#*=})
  compadd -S '' -a open
  compadd -a closed
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then
  _pt2lint "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _pt2lint pt2lint
fi
`,
  fish: `# fish completion for pt2lint: pt2lint completion fish > ~/.config/fish/completions/pt2lint.fish
function __pt2lint_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    $before[1] ${GET_COMPLETIONS} fish $before[2..-1] "$current" 2>/dev/null
end
complete -c pt2lint -n 'set -g __pt2lint_found (__pt2lint_complete); test (count $__pt2lint_found) -gt 0' -f -a '$__pt2lint_found'
`,
};
