/** What people type that has no meaning here, and what to do instead. */

const editors = 'an editor needs a person; write the file with: cat > FILE <<EOF'

export const refusedPrograms: Readonly<Record<string, string>> = {
  vi: editors,
  vim: editors,
  nano: editors,
  emacs: editors,
  less: 'a pager needs a person; use cat or head',
  more: 'a pager needs a person; use cat or head',
  top: 'processes use no CPU in the simulation; use ps',
  watch: 'a screen that repaints itself is not simulated; use kubectl get -w, or a loop: for i in 1 2 3; do …; sleep 2; done',
  tmux: 'one terminal is enough here: commands run one after another',
  apt: 'packages are not simulated',
  'apt-get': 'packages are not simulated',
  apk: 'packages are not simulated',
  yum: 'packages are not simulated; file servers are there from the start',
  dnf: 'packages are not simulated; file servers are there from the start',
  systemctl: 'services of the machine are not simulated; file servers run from the start',
  service: 'services of the machine are not simulated; file servers run from the start',
  git: 'the simulator never leaves its process; put the files into the scenario’s folder',
  docker: 'containers are run by the nodes’ kubelets; look at them with kubectl',
  crictl: 'containers are run by the nodes’ kubelets; look at them with kubectl',
  nsenter: 'use kubectl exec',
  helm: 'charts are not simulated; render them with helm template and apply the result',
  minikube: 'the cluster is already there',
  kubeadm: 'the cluster is already there',
}
