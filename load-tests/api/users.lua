-- wrk: one request after the other speaks for the next of `tokens`. They are made once: Lua should not be what is measured.
local requests, turn = {}, 0

function init()
  for number, token in ipairs(tokens) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[number] = wrk.format()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
