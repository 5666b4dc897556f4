-- tell_counterpart: adds a notice to the other side of an open session: its sender has stopped
-- texts.
-- keys: numbers sessions phones=phone(indexes*)
-- args: now:number number indexes:list
-- uses: finding notices
--
-- indexes are the sender's. Safe to run twice: the notice's id names its cause.
-- Answers whether there is a new notice, 1 or 0.
local found = find_session(keys, keys.phones, args.indexes, args.number, args.now)
if found.state ~= "open" or not string.find(found.session.channels, "s", 1, true) then
  return 0
end
local session, side = found.session, found.other
local is_new = add_notice(keys, args, {
  session = found.id, side = side, number = args.number, index = session[side .. "_index"],
  locale = session[side .. "_locale"],
})
return is_new and 1 or 0
