-- wrk: print what the bench reads: requests a second, p50 and p99 in milliseconds, how many, answers that were not 2xx, broken connections.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"rate": %f, "p50": %f, "p99": %f, "requests": %d, "refused": %d, "broken": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
