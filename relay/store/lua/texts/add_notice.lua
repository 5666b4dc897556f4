-- add_notice: adds a notice to somebody whose phone the caller knows.
-- args: session side number index locale one_of_several:flag
-- uses: notices
--
-- Safe to run twice: the notice's id names its cause. Answers whether there is a new notice, 1 or
-- 0.
local is_new = add_notice(keys, args, {
  session = args.session, side = args.side, number = args.number, index = args.index,
  locale = args.locale, one_of_several = args.one_of_several,
})
return is_new and 1 or 0
