# In the image: the service starts, is connected to simulated systems with its secrets in the encrypted file, and ends
# when it is told to.
set -eu
dyntui serve &
service=$!
dyntui sandbox --people 200 > /tmp/line &
sandbox=$!
trap 'kill $sandbox' EXIT
until [ -s /tmp/line ]; do sleep 0.2; done
sed 's/}$/, "assign": {"Email Marketing Manager": ["mira.sandahl@skarnfjall.example"]}}/' /tmp/line > /tmp/setup.json
dyntui setup --from /tmp/setup.json --yes
dyntui status | grep 'the encrypted file /var/lib/dyntui/'
kill "$service"
wait "$service"
echo "The service in the image works as $(id -un), and ended as it was told to."
