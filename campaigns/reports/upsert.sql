-- name: add
INSERT INTO campaigns_dailyfigures (
  key, day, campaign_id, source, account_id, version_id, status, channel, reason, operator, people, units, fell_back, opt_outs)
VALUES (
  :key, :day, :campaign, :source, :account, :version, :status, :channel, :reason, :operator,
  :people, :units, :fell_back, :opt_outs)
ON CONFLICT (key) DO UPDATE SET
  people = campaigns_dailyfigures.people + EXCLUDED.people,
  units = campaigns_dailyfigures.units + EXCLUDED.units,
  fell_back = campaigns_dailyfigures.fell_back + EXCLUDED.fell_back,
  opt_outs = campaigns_dailyfigures.opt_outs + EXCLUDED.opt_outs
