from feuilleton_client.cli.app import main

main()
