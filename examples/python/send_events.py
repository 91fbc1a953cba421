"""Sends native events over HTTP with the standard library alone: chunks, retries, Retry-After, an amendment and a retraction.

Usage: python send_events.py http://127.0.0.1:8080 FEED
The token of a service that needs one is read from PLUMBLINE_TOKEN.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

RETRIED = {408, 425, 429, 500, 502, 503, 504, 507}


def post(url, events):
    """Sends events until the service answers. An event that is sent twice counts once, so a lost answer does no harm."""
    body = "\n".join(json.dumps(event) for event in events).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    if token := os.environ.get("PLUMBLINE_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    pause = 0.5
    for _ in range(10):
        try:
            request = urllib.request.Request(f"{url}/v1/events", body, headers)
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 422:  # Every element is rejected, and the body answers each.
                return json.load(error)
            if error.code not in RETRIED:
                raise
            wait = float(error.headers.get("Retry-After") or pause)
        except (OSError, json.JSONDecodeError):  # No connection, or half an answer.
            wait = pause
        time.sleep(wait)
        pause = min(pause * 2, 60)
    raise SystemExit("the service does not answer; run this again: an event counts once")


def encounter(feed, number, version, minutes):
    return {
        "feed": feed, "id": f"slot-{number}", "version": version, "type": "encounter",
        "occurred_at": f"2026-01-15T09:{number:02}:00+00:00", "clinician": {"system": "gmc", "value": "7012345"},
        "practice": "A81001", "encounter": {"mode": "telephone", "status": "attended", "minutes": minutes},
    }


def main(url, feed):
    events = [encounter(feed, number, 1, 10) for number in range(3)]
    events.append(encounter(feed, 1, 2, 15))  # The second one took longer: a higher version amends it.
    events.append({"feed": feed, "id": "slot-2", "version": 2, "type": "encounter", "action": "retract"})
    answer = post(url, events)
    for element in answer["events"]:
        if element["status"] == "rejected":
            print(f"line {element.get('line')}: {element['reason']}: {element['detail']}")
    print(f"{answer['logged']} logged, {answer['rejected']} rejected")
    return 0 if answer["rejected"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2]))
