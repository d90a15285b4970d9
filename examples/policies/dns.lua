-- DNS servers by the size of the cluster, never one of a kind.
return {
  ladder { "dns", { 0, 1 }, { 2, 2 }, { 16, 3 }, { 64, 5 } },
}
