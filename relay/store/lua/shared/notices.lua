-- The notice that a script may add.
-- keys: notice=message(notice_id)
-- args: notice_id notice_kind
-- uses: writing_notices

-- True when there is a new notice.
local function add_notice(keys, args, to)
  return write_notice({ key = keys.notice, id = args.notice_id, kind = args.notice_kind }, to)
end
