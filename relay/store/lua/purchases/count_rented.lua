-- count_rented: how many numbers a pool's limits count.
-- args: now
-- uses: renting
--
-- Reads only, so it may run twice. Answers {rented, given back in a month that is paid for}.

return { count_rented(keys), count_prepaid(keys, args.now) }
