-- wrk: posts one request after the other from the file in RELAY_BENCH_REQUESTS to the path in
-- RELAY_BENCH_PATH (each line: a header's name, its value, the content type, the body).
local requests, position = {}, 0
for line in io.lines(os.getenv("RELAY_BENCH_REQUESTS")) do
  local name, value, content_type, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
  requests[#requests + 1] = wrk.format("POST", os.getenv("RELAY_BENCH_PATH"), {
    ["Content-Type"] = content_type,
    [name] = value,
  }, body)
end
function request()
  position = position % #requests + 1
  return requests[position]
end
