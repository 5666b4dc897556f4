-- charge_once: counts what the carrier charges for something that has no record of its own: a call
-- that was not connected, a text that came in, the answer to it.
-- args: charges:records(unit count:number)
-- uses: deciding charging
--
-- Safe to run twice: its mark is kept with those of what was decided on.
if not was_decided() then
  note_decided()
  for _, each in ipairs(args.charges) do
    charge(each.unit, each.count)
  end
end
