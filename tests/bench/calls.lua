-- wrk: posts one signed call after the other from the file in RELAY_BENCH_CALLS
-- (a signature, a tab, a body on each line).
local calls, position = {}, 0
for line in io.lines(os.getenv("RELAY_BENCH_CALLS")) do
  local signature, body = line:match("^(.-)\t(.*)$")
  calls[#calls + 1] = wrk.format("POST", "/twilio/voice", {
    ["Content-Type"] = "application/x-www-form-urlencoded",
    ["X-Twilio-Signature"] = signature,
  }, body)
end
function request()
  position = position % #calls + 1
  return calls[position]
end
