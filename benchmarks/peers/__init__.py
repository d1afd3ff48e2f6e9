"""The same work in the forms it usually takes: what the benchmarks compare with."""
