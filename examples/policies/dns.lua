-- The number of DNS servers follows the size of the cluster.
return {
  ladder { "dns", { 0, 1 }, { 2, 2 }, { 16, 3 }, { 64, 5 } },
}
