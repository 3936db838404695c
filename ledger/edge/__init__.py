"""What runs beside the meters: adapters that read them, a queue that keeps every signed body, and a sender that never drops one.

In reading order: reading (what an adapter brings), dlt645 and dlt645_meter (meters on RS-485), collector_frame, collector_report and
collector (a building's collector), folder (CSV files), queue, answer, http_link and mqtt_link (two ways to the server), sender, config,
program (all of it together), listener (the server's side of MQTT). Nothing here knows the store, the services or the chain
(spec: metering §3, §9, §10).
"""
